// fix_is_valid and fix_tag_value: messages of the Financial Information eXchange protocol, FIX 4.0 to 5.0
// (configuration manual 7.3.1; FIX TagValue encoding).
#include <array>
#include <optional>

#include "common/text.h"
#include "proxyd/rules/ascii.h"
#include "proxyd/rules/registry.h"

namespace proxyd::rules {
namespace {

constexpr char kEnd = '\x01';

struct TagValue {
    std::int64_t tag = 0;
    std::string_view value;
};

// The next "tag=value<SOH>"; false at the end, or when it is none.
bool next_field(std::string_view& rest, TagValue& out) {
    const auto end = rest.find(kEnd);
    const auto equals = rest.find('=');
    if (end == std::string_view::npos || equals == std::string_view::npos || equals > end) return false;
    const auto tag = common::parse_number(rest.substr(0, equals), 1, 1'000'000'000);
    if (!tag) return false;
    out = {*tag, rest.substr(equals + 1, end - equals - 1)};
    rest.remove_prefix(end + 1);
    return true;
}

bool known_version(std::string_view version) {
    constexpr std::array<std::string_view, 6> kVersions{"FIX.4.0", "FIX.4.1", "FIX.4.2",
                                                        "FIX.4.3", "FIX.4.4", "FIXT.1.1"};
    return std::ranges::find(kVersions, version) != kVersions.end();
}

// Nothing while bytes are missing. Begins with 8 (version), 9 (length) and 35 (type), ends with 10
// (checksum); length and checksum are right.
std::optional<bool> valid(std::string_view message) {
    constexpr std::size_t kChecksumField = 7;  // "10=nnn<SOH>"
    std::string_view rest = message;
    TagValue field;
    constexpr int kHeaderFields = 2;
    if (std::ranges::count(message, kEnd) < kHeaderFields) return std::nullopt;
    if (!next_field(rest, field) || field.tag != 8 || !known_version(field.value)) return false;
    if (!next_field(rest, field) || field.tag != 9) return false;
    const auto length = common::parse_number(field.value, 1, 1'000'000'000);
    if (!length) return false;
    const std::size_t size = static_cast<std::size_t>(*length) + kChecksumField;
    if (rest.size() < size) return std::nullopt;
    if (rest.size() > size) return false;
    std::string_view body = rest;
    if (!next_field(body, field) || field.tag != 35) return false;
    unsigned sum = 0;
    for (const char c : message.substr(0, message.size() - kChecksumField))
        sum += static_cast<unsigned char>(c);
    std::string_view last = rest.substr(static_cast<std::size_t>(*length));
    if (!next_field(last, field) || field.tag != 10 || field.value.size() != 3) return false;
    const auto checksum = common::parse_number(field.value, 0, 255);
    return checksum && static_cast<unsigned>(*checksum) == sum % 256;
}

bool convert_valid(const Context&, const Arguments&, Sample& sample) {
    constexpr std::size_t kShortest = sizeof "8=FIX.4.0|9=5|35=0|10=161|" - 1;
    if (sample.text.size() < kShortest) return false;
    const std::optional<bool> answer = valid(sample.text);
    return sample.set_bool(answer.value_or(false)), answer.has_value();
}

struct Tag {
    std::string_view name;
    std::int64_t number;
};
// The names that the manual gives to tags.
constexpr std::array kTags{
    Tag{"BeginString", 8},   Tag{"BodyLength", 9},    Tag{"MsgType", 35},
    Tag{"SenderCompID", 49}, Tag{"TargetCompID", 56}, Tag{"CheckSum", 10},
};

bool convert_value(const Context&, const Arguments& arguments, Sample& sample) {
    std::string_view rest = sample.text;
    TagValue field;
    while (next_field(rest, field))
        if (field.tag == arguments.number(0)) return sample.set_binary(field.value), true;
    return false;
}

common::Result<> check_tag(Arguments& arguments) {
    const std::string_view text = arguments.text(0);
    const auto* named = std::ranges::find(kTags, text, &Tag::name);
    if (named != kTags.end()) return arguments.set(0, named->number), common::Result<>();
    const auto number = common::parse_number(text, 1, 1'000'000'000);
    if (!number)
        return common::fail("'" + std::string(text) + "' is neither a tag's number nor its name",
                            common::Side::config);
    arguments.set(0, static_cast<std::int64_t>(*number));
    return {};
}

constexpr std::array kRows{
    ConverterRow{
        "fix_is_valid", SampleType::binary, SampleType::boolean, {}, convert_valid, "a whole FIX message"},
    ConverterRow{"fix_tag_value", SampleType::binary, SampleType::binary,
                 ArgumentSpec{1, {ArgumentKind::text}}, convert_value, "the value of a tag of a FIX message",
                 check_tag},
};

}  // namespace

std::span<const ConverterRow> fix_converters() {
    return kRows;
}

}  // namespace proxyd::rules
