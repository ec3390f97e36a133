// Patterns that samples are matched against (configuration manual 7.1.1 to 7.1.6): one class per kind of
// index, one row per match method. A long list costs no more than a short one for exact strings, prefixes,
// suffixes, numbers and networks.
#pragma once

#include <memory>
#include <span>
#include <string_view>

#include "common/error.h"
#include "proxyd/rules/sample.h"

namespace proxyd::rules {

// The patterns of one acl line, or of one file. Filled when the configuration is read, then finish(), then
// immutable.
class Patterns {
 public:
    Patterns() = default;
    Patterns(const Patterns&) = delete;
    Patterns& operator=(const Patterns&) = delete;
    virtual ~Patterns() = default;

    struct Flags {
        bool ignore_case = false;  // -i
        bool no_names = false;     // -n: host names are not resolved
    };
    virtual common::Result<> add(std::string_view pattern, Flags flags) = 0;
    // An operator word (gt, ge, eq, le, lt) that applies to the patterns after it; false: an ordinary
    // pattern.
    virtual bool take_operator(std::string_view) { return false; }
    virtual void finish() {}
    // The sample has been cast to the row's input type.
    virtual bool match(const Sample& sample) const = 0;
};

struct MatchMethod {
    std::string_view name;                // after -m, and after '_' in names such as path_beg
    SampleType input;                     // what the sample is cast to first
    bool derives;                         // hdr_NAME, path_NAME, ... exist as criteria
    std::unique_ptr<Patterns> (*make)();  // null: the method takes no patterns
    std::string_view help;
};

std::span<const MatchMethod> match_methods();
const MatchMethod* find_match_method(std::string_view name);
// What a sample of this type is matched by without -m; null for binary.
const MatchMethod* default_match_method(SampleType type);

// One maker per index class.
std::unique_ptr<Patterns> make_exact_patterns();
std::unique_ptr<Patterns> make_prefix_patterns();
std::unique_ptr<Patterns> make_suffix_patterns();
std::unique_ptr<Patterns> make_substring_patterns();
std::unique_ptr<Patterns> make_directory_patterns();
std::unique_ptr<Patterns> make_domain_patterns();
std::unique_ptr<Patterns> make_regex_patterns();
std::unique_ptr<Patterns> make_binary_patterns();
std::unique_ptr<Patterns> make_integer_patterns();
std::unique_ptr<Patterns> make_length_patterns();
std::unique_ptr<Patterns> make_address_patterns();

}  // namespace proxyd::rules
