// Converters of text (configuration manual 7.3.1).
#include <algorithm>
#include <array>

#include "proxyd/rules/ascii.h"
#include "proxyd/rules/registry.h"

namespace proxyd::rules {
namespace {

using CharMap = char (*)(char);

template <CharMap map>
bool convert_chars(const Context& context, const Arguments&, Sample& sample) {
    if (std::ranges::none_of(sample.text, [](char c) { return map(c) != c; })) return true;
    if (context.arena == nullptr) return false;
    const auto room = context.arena->allocate(sample.text.size());
    std::ranges::transform(sample.text, room.begin(), map);
    sample.text = {room.data(), room.size()};
    return true;
}

bool convert_length(const Context&, const Arguments&, Sample& sample) {
    return sample.set_int(static_cast<std::int64_t>(sample.text.size())), true;
}

bool is_one_of(char c, std::string_view set) {
    return set.find(c) != std::string_view::npos;
}

// Parts between delimiters, from the start (index > 0) or the end (index < 0); `count` parts together, 0
// or less means all the rest. `word` skips empty parts, `field` keeps them.
bool take_parts(Sample& sample, std::int64_t index, std::string_view delimiters, std::int64_t count,
                bool skip_empty) {
    const std::string_view text = sample.text;
    const bool from_end = index < 0;
    const auto at = [&](std::size_t i) { return from_end ? text[text.size() - 1 - i] : text[i]; };
    std::int64_t wanted = from_end ? -index : index;
    std::size_t begin = 0, end = 0, i = 0;
    std::int64_t taken = 0;
    for (;;) {
        if (skip_empty)
            while (i < text.size() && is_one_of(at(i), delimiters)) ++i;
        const std::size_t start = i;
        while (i < text.size() && !is_one_of(at(i), delimiters)) ++i;
        if (skip_empty && start == i) break;
        if (wanted <= 1) {
            if (taken == 0) begin = start;
            if (count <= 0) i = text.size();
            end = i;
            if (++taken == count) break;
        } else {
            --wanted;
        }
        if (i >= text.size()) break;
        ++i;  // the delimiter
    }
    if (taken == 0) return false;
    sample.text = from_end ? text.substr(text.size() - end, end - begin) : text.substr(begin, end - begin);
    return true;
}

bool convert_field(const Context&, const Arguments& arguments, Sample& sample) {
    return take_parts(sample, arguments.number(0), arguments.text(1), arguments.number(2, 1), false);
}
bool convert_word(const Context&, const Arguments& arguments, Sample& sample) {
    // HAProxy has an empty word where field has none.
    if (!take_parts(sample, arguments.number(0), arguments.text(1), arguments.number(2, 1), true))
        sample.text = {};
    return true;
}

bool convert_bytes(const Context&, const Arguments& arguments, Sample& sample) {
    const auto offset = static_cast<std::size_t>(arguments.number(0));
    sample.text = sample.text.substr(
        std::min(offset, sample.text.size()),
        arguments.has(1) ? static_cast<std::size_t>(arguments.number(1)) : std::string_view::npos);
    return true;
}

bool convert_ltrim(const Context&, const Arguments& arguments, Sample& sample) {
    while (!sample.text.empty() && is_one_of(sample.text.front(), arguments.text(0)))
        sample.text.remove_prefix(1);
    return true;
}
bool convert_rtrim(const Context&, const Arguments& arguments, Sample& sample) {
    while (!sample.text.empty() && is_one_of(sample.text.back(), arguments.text(0)))
        sample.text.remove_suffix(1);
    return true;
}

// regsub(regex,substitute[,flags]): flags are i (ignore case) and g (all matches).
bool convert_regsub(const Context& context, const Arguments& arguments, Sample& sample) {
    if (context.arena == nullptr) return false;
    thread_local std::string out;
    out.clear();
    if (arguments.regex(0).replace(sample.text, arguments.text(1), is_one_of('g', arguments.text(2)), out))
        sample.text = context.arena->copy(out);
    return true;
}

// iif(true,false)
bool convert_iif(const Context&, const Arguments& arguments, Sample& sample) {
    return sample.set_text(arguments.text(sample.number != 0 ? 0 : 1)), true;
}

// concat(before,variable,after): a variable that is not set counts as empty.
bool convert_concat(const Context& context, const Arguments& arguments, Sample& sample) {
    if (context.arena == nullptr) return false;
    Sample middle;
    TextBuffer buffer;
    std::string_view text;
    if (arguments.has(1) && get_variable(context, arguments.variable(1), middle))
        text = to_text(middle, buffer);
    sample.text = context.arena->concat({sample.text, arguments.text(0), text, arguments.text(2)});
    return true;
}

// strcmp(variable): as strcmp(3).
bool convert_strcmp(const Context& context, const Arguments& arguments, Sample& sample) {
    Sample other;
    if (!get_variable(context, arguments.variable(0), other)) return false;
    TextBuffer buffer;
    const std::string_view text = to_text(other, buffer);
    const std::size_t both = std::min(text.size(), sample.text.size());
    for (std::size_t i = 0; i < both; ++i)
        if (sample.text[i] != text[i])
            return sample.set_int(static_cast<unsigned char>(sample.text[i]) -
                                  static_cast<unsigned char>(text[i])),
                   true;
    return sample.set_int(sample.text.size() == text.size()  ? 0
                          : sample.text.size() < text.size() ? -1
                                                             : 1),
           true;
}

common::Result<> check_parts(Arguments& arguments) {
    if (arguments.number(0) == 0)
        return common::fail("the index counts from 1 or -1, it cannot be 0", common::Side::config);
    if (arguments.text(1).empty()) return common::fail("a delimiter is needed", common::Side::config);
    return {};
}
common::Result<> check_bytes(Arguments& arguments) {
    if (arguments.number(0) < 0) return common::fail("the offset cannot be negative", common::Side::config);
    if (arguments.number(1, 1) <= 0) return common::fail("the length must be above 0", common::Side::config);
    return {};
}
common::Result<> check_regsub(Arguments& arguments) {
    if (arguments.text(2).find_first_not_of("ig") != std::string_view::npos)
        return common::fail("the flags '" + std::string(arguments.text(2)) + "' have others than i and g",
                            common::Side::config);
    if (!valid_substitute(arguments.text(1)))
        return common::fail("the substitute ends in a lone backslash", common::Side::config);
    if (!is_one_of('i', arguments.text(2))) return {};
    auto folded = Regex::compile(arguments.regex(0).pattern(), true);
    if (!folded) return std::unexpected(folded.error());
    arguments.set(0, *folded);
    return {};
}
constexpr ArgumentSpec kParts{2, {ArgumentKind::number, ArgumentKind::text, ArgumentKind::number}};
constexpr ArgumentSpec kText{1, {ArgumentKind::text}};
constexpr ArgumentSpec kBytes{1, {ArgumentKind::number, ArgumentKind::number}};
constexpr ArgumentSpec kRegsub{2, {ArgumentKind::expression, ArgumentKind::text, ArgumentKind::text}};
constexpr ArgumentSpec kTwoTexts{2, {ArgumentKind::text, ArgumentKind::text}};
constexpr ArgumentSpec kConcat{0, {ArgumentKind::text, ArgumentKind::variable, ArgumentKind::text}};
constexpr ArgumentSpec kVariable{1, {ArgumentKind::variable}};
constexpr SampleType kString = SampleType::string;

constexpr std::array kRows{
    ConverterRow{"lower", kString, kString, {}, convert_chars<lower>, "in lower case"},
    ConverterRow{"upper", kString, kString, {}, convert_chars<upper>, "in upper case"},
    ConverterRow{"length", kString, SampleType::integer, {}, convert_length, "how many bytes"},
    ConverterRow{"field", kString, kString, kParts, convert_field, "part N between delimiters", check_parts},
    ConverterRow{"word", kString, kString, kParts, convert_word, "part N, empty ones not counted",
                 check_parts},
    ConverterRow{"bytes", SampleType::binary, SampleType::binary, kBytes, convert_bytes,
                 "bytes from an offset on", check_bytes},
    ConverterRow{"ltrim", kString, kString, kText, convert_ltrim, "without these bytes at the start"},
    ConverterRow{"rtrim", kString, kString, kText, convert_rtrim, "without these bytes at the end"},
    ConverterRow{"regsub", kString, kString, kRegsub, convert_regsub, "matches replaced", check_regsub},
    ConverterRow{"iif", SampleType::boolean, kString, kTwoTexts, convert_iif, "one of two strings"},
    ConverterRow{"concat", kString, kString, kConcat, convert_concat, "text appended"},
    ConverterRow{"strcmp", kString, SampleType::integer, kVariable, convert_strcmp,
                 "below, equal or above 0: compared with a variable"},
};

}  // namespace

std::span<const ConverterRow> text_converters() {
    return kRows;
}

}  // namespace proxyd::rules
