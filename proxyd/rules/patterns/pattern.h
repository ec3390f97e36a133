// Patterns that samples are matched against (configuration manual 7.1.1 to 7.1.6): one class per kind of
// index, one row per match method. A long list costs no more than a short one, but for regular expressions.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "common/error.h"
#include "proxyd/rules/regex.h"
#include "proxyd/rules/sample.h"

namespace proxyd::rules {

// One line of a list: what to look for and, in maps, what it stands for. Its place in memory does not change.
struct PatternEntry {
    std::string pattern;
    std::string value;         // maps
    std::uint64_t number = 0;  // order of the list; "#0x..." for the operator

    const void* reference() const { return this; }
};

struct PatternFlags {
    bool ignore_case = false;  // -i
    bool no_names = false;     // -n: host names are not resolved
    bool operator==(const PatternFlags&) const = default;
};

// An index over the entries of a list, for one match method. Changed by one thread while nobody matches.
class Patterns {
 public:
    Patterns() = default;
    Patterns(const Patterns&) = delete;
    Patterns& operator=(const Patterns&) = delete;
    virtual ~Patterns() = default;

    // The entry outlives its place in the index. An error names the pattern.
    virtual common::Result<> add(const PatternEntry& entry) = 0;
    virtual void remove(const PatternEntry& entry) = 0;
    virtual void finish() {}  // after each series of changes

    // The entry that a map answers with: the longest prefix or narrowest network, else the first of the list;
    // null when none matches. The sample has been cast to the row's input type.
    virtual const PatternEntry* match(const Sample& sample) const = 0;
    // The compiled expression of an entry; null where patterns are none.
    virtual const Regex* regex(const PatternEntry&) const { return nullptr; }
    // Whether the entries are searched one by one (`idx=list` of `get acl`).
    virtual bool is_list() const { return false; }
};

struct MatchMethod {
    std::string_view name;                            // after -m, and after '_' in names such as path_beg
    SampleType input;                                 // what the sample is cast to first
    bool derives;                                     // hdr_NAME, path_NAME, ... exist as criteria
    bool compares;                                    // patterns may follow gt, ge, eq, le, lt
    std::unique_ptr<Patterns> (*make)(PatternFlags);  // null: the method takes no patterns
    std::string_view help;
};

std::span<const MatchMethod> match_methods();
const MatchMethod* find_match_method(std::string_view name);
// What a sample of this type is matched by without -m; null for binary.
const MatchMethod* default_match_method(SampleType type);

// One maker per index class.
std::unique_ptr<Patterns> make_exact_patterns(PatternFlags flags);
std::unique_ptr<Patterns> make_prefix_patterns(PatternFlags flags);
std::unique_ptr<Patterns> make_suffix_patterns(PatternFlags flags);
std::unique_ptr<Patterns> make_substring_patterns(PatternFlags flags);
std::unique_ptr<Patterns> make_directory_patterns(PatternFlags flags);
std::unique_ptr<Patterns> make_domain_patterns(PatternFlags flags);
std::unique_ptr<Patterns> make_regex_patterns(PatternFlags flags);
std::unique_ptr<Patterns> make_binary_patterns(PatternFlags flags);
std::unique_ptr<Patterns> make_integer_patterns(PatternFlags flags);
std::unique_ptr<Patterns> make_length_patterns(PatternFlags flags);
std::unique_ptr<Patterns> make_version_patterns(PatternFlags flags);
std::unique_ptr<Patterns> make_address_patterns(PatternFlags flags);

// "gt" and "5" as the range that they mean, "6:"; nothing when the word is no operator.
bool is_comparison(std::string_view word);
common::Result<std::string> compared_pattern(std::string_view comparison, std::string_view pattern);

}  // namespace proxyd::rules
