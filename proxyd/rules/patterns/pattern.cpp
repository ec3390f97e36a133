#include "proxyd/rules/patterns/pattern.h"

#include <array>

#include "common/keyword_table.h"

namespace proxyd::rules {

namespace {

constexpr std::array kMethods{
    MatchMethod{"found", SampleType::any, false, false, nullptr, "the sample exists"},
    MatchMethod{"bool", SampleType::boolean, false, false, nullptr,
                "the sample is true, or a number other than 0"},
    MatchMethod{"int", SampleType::integer, false, true, make_integer_patterns,
                "numbers, ranges LOW:HIGH, gt ge eq le lt"},
    MatchMethod{"ip", SampleType::address, false, false, make_address_patterns, "addresses and networks"},
    MatchMethod{"bin", SampleType::binary, false, false, make_binary_patterns,
                "exact bytes, patterns in hexadecimal"},
    MatchMethod{"len", SampleType::string, true, true, make_length_patterns, "the length, as int"},
    MatchMethod{"str", SampleType::string, false, false, make_exact_patterns, "exact strings"},
    MatchMethod{"sub", SampleType::string, true, false, make_substring_patterns, "substrings"},
    MatchMethod{"reg", SampleType::string, true, false, make_regex_patterns, "regular expressions"},
    MatchMethod{"beg", SampleType::string, true, false, make_prefix_patterns, "prefixes"},
    MatchMethod{"end", SampleType::string, true, false, make_suffix_patterns, "suffixes"},
    MatchMethod{"dir", SampleType::string, true, false, make_directory_patterns, "parts between slashes"},
    MatchMethod{"dom", SampleType::string, true, false, make_domain_patterns,
                "parts between dots, slashes, colons"},
    MatchMethod{"version", SampleType::integer, false, false, make_version_patterns,
                "protocol versions: 3.3, 3, 3.1:3.3 (HAProxy has no word for it)"},
};

}  // namespace

std::span<const MatchMethod> match_methods() {
    return kMethods;
}

const MatchMethod* find_match_method(std::string_view name) {
    return common::find_row(match_methods(), name);
}

const MatchMethod* default_match_method(SampleType type) {
    switch (type) {
        case SampleType::boolean:
            return find_match_method("bool");
        case SampleType::integer:
            return find_match_method("int");
        case SampleType::ipv4:
        case SampleType::ipv6:
        case SampleType::address:
            return find_match_method("ip");
        case SampleType::string:
            return find_match_method("str");
        default:
            return nullptr;
    }
}

}  // namespace proxyd::rules
