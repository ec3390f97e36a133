// map(file[,default]) and its kin: what a list says about the input (configuration manual 7.3.1). One row
// per match method and type of the answer.
#include <algorithm>
#include <array>

#include "common/read_mostly.h"
#include "common/text.h"
#include "proxyd/rules/patterns/list.h"
#include "proxyd/rules/registry.h"

namespace proxyd::rules {
namespace {

using Values = PatternList::Values;

// A method's name as a template argument.
template <std::size_t N>
struct Name {
    char text[N];
    constexpr Name(const char (&from)[N]) { std::copy_n(from, N, text); }
    constexpr std::string_view view() const { return {text, N - 1}; }
};

struct Map final : Prepared {
    const PatternIndex* index = nullptr;
    bool has_default = false;
    Sample otherwise;  // its text lies in default_text
    std::string default_text;
};

// What a value means; false when it does not (the list checks values, so it always does).
template <Values values>
bool read_value(std::string_view text, Sample& out) {
    if constexpr (values == Values::text) {
        out.set_text(text);
    } else if constexpr (values == Values::number) {
        out.set_int(leading_number(text));
    } else {
        return parse_ip(text, out);
    }
    return true;
}

template <Values values>
common::Result<> read_default(const Arguments& arguments, Map& map) {
    if (!arguments.has(1)) return {};
    map.has_default = true;
    map.default_text = arguments.text(1);
    const bool good =
        values != Values::number || common::parse_number(map.default_text, INT64_MIN, INT64_MAX);
    if (!good || !read_value<values>(map.default_text, map.otherwise))
        return common::fail("the default '" + map.default_text + "' is not of the map's type",
                            common::Side::config);
    return {};
}

template <Name method, Values values>
common::Result<> prepare(Arguments& arguments, Catalogue& catalogue) {
    const std::string file(arguments.text(0));
    auto list = catalogue.patterns.file(file, true, "map", catalogue.line);
    if (!list) return std::unexpected(list.error());
    auto map = std::make_shared<Map>();
    auto index = (*list)->index(*find_match_method(method.view()), {});
    if (!index) return std::unexpected(index.error());
    map->index = *index;
    if (auto fits = (*list)->require(values); !fits) return fits;
    if (auto given = read_default<values>(arguments, *map); !given) return given;
    arguments.set(0, std::shared_ptr<const Prepared>(std::move(map)));
    return {};
}

bool use_default(const Map& map, Sample& sample) {
    if (map.has_default) sample = map.otherwise;
    return map.has_default;
}

template <Values values>
bool convert(const Context& context, const Arguments& arguments, Sample& sample) {
    const Map& map = arguments.prepared<Map>(0);
    {
        const common::ReadMostly::Reading reading;
        if (const PatternEntry* found = map.index->live->match(sample); found != nullptr) {
            if (!read_value<values>(found->value, sample)) return false;
            // The value may be changed or removed while the request still holds it.
            if (values != Values::text) return true;
            if (context.arena == nullptr) return false;
            sample.text = context.arena->copy(sample.text);
            return true;
        }
    }
    return use_default(map, sample);
}

// map_regm: the value's \1 ... are the groups of the match.
bool convert_groups(const Context& context, const Arguments& arguments, Sample& sample) {
    const Map& map = arguments.prepared<Map>(0);
    if (context.arena == nullptr) return false;
    thread_local std::string out;
    {
        const common::ReadMostly::Reading reading;
        if (const PatternEntry* found = map.index->live->match(sample); found != nullptr) {
            const Regex* regex = map.index->live->regex(*found);
            out.clear();
            if (regex == nullptr || !regex->expand(sample.text, found->value, out)) return false;
            sample.text = context.arena->copy(out);
            return true;
        }
    }
    return use_default(map, sample);
}

constexpr ArgumentSpec kMap{1, {ArgumentKind::text, ArgumentKind::text}};

template <Name method, Values values>
constexpr ConverterRow row(std::string_view name, SampleType input) {
    constexpr SampleType kOutputs[] = {SampleType::string, SampleType::integer, SampleType::address};
    return {name,
            input,
            kOutputs[static_cast<std::size_t>(values)],
            kMap,
            convert<values>,
            "what a map of this match method says, or the default",
            nullptr,
            prepare<method, values>};
}

constexpr auto kText = Values::text;
constexpr auto kNumber = Values::number;
constexpr auto kAddress = Values::address;
constexpr auto kString = SampleType::string;

constexpr std::array kRows{
    row<"str", kText>("map", kString),
    row<"str", kText>("map_str", kString),
    row<"str", kNumber>("map_str_int", kString),
    row<"str", kAddress>("map_str_ip", kString),
    row<"str", kText>("map_str_str", kString),
    row<"beg", kText>("map_beg", kString),
    row<"beg", kText>("map_beg_str", kString),
    row<"beg", kNumber>("map_beg_int", kString),
    row<"beg", kAddress>("map_beg_ip", kString),
    row<"sub", kText>("map_sub", kString),
    row<"sub", kText>("map_sub_str", kString),
    row<"sub", kNumber>("map_sub_int", kString),
    row<"sub", kAddress>("map_sub_ip", kString),
    row<"dir", kText>("map_dir", kString),
    row<"dir", kText>("map_dir_str", kString),
    row<"dir", kNumber>("map_dir_int", kString),
    row<"dir", kAddress>("map_dir_ip", kString),
    row<"dom", kText>("map_dom", kString),
    row<"dom", kText>("map_dom_str", kString),
    row<"dom", kNumber>("map_dom_int", kString),
    row<"dom", kAddress>("map_dom_ip", kString),
    row<"end", kText>("map_end", kString),
    row<"end", kText>("map_end_str", kString),
    row<"end", kNumber>("map_end_int", kString),
    row<"end", kAddress>("map_end_ip", kString),
    row<"reg", kText>("map_reg", kString),
    row<"reg", kText>("map_reg_str", kString),
    row<"reg", kNumber>("map_reg_int", kString),
    row<"reg", kAddress>("map_reg_ip", kString),
    ConverterRow{"map_regm", kString, kString, kMap, convert_groups,
                 "what a map of regular expressions says, \\1 filled in", nullptr, prepare<"reg", kText>},
    row<"int", kText>("map_int", SampleType::integer),
    row<"int", kText>("map_int_str", SampleType::integer),
    row<"int", kNumber>("map_int_int", SampleType::integer),
    row<"int", kAddress>("map_int_ip", SampleType::integer),
    row<"ip", kText>("map_ip", SampleType::address),
    row<"ip", kText>("map_ip_str", SampleType::address),
    row<"ip", kNumber>("map_ip_int", SampleType::address),
    row<"ip", kAddress>("map_ip_ip", SampleType::address),
};

}  // namespace

std::span<const ConverterRow> map_converters() {
    return kRows;
}

}  // namespace proxyd::rules
