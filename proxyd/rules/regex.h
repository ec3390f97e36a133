// Regular expressions of configurations (manual 7.1.4), compiled once, Perl syntax. A match has a bounded
// cost: beyond its state limit (about 5 ms) the engine gives up, which counts as no match.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "common/error.h"

namespace proxyd::rules {

class Regex {
 public:
    static common::Result<Regex> compile(std::string_view pattern, bool ignore_case);

    bool search(std::string_view text) const;
    // Replaces the first match, or all: `substitute` has \0..\9 for groups, \xHH and \char for bytes.
    // Appends to `out`; false (and nothing appended) when nothing matched.
    bool replace(std::string_view text, std::string_view substitute, bool all, std::string& out) const;
    // Appends `substitute` with the groups of the first match filled in, without the rest of the text.
    bool expand(std::string_view text, std::string_view substitute, std::string& out) const;

    const std::string& pattern() const;

    // Matches that gave up since the process started, for `show info`; any thread.
    static std::uint64_t abandoned();

 private:
    struct Compiled;
    std::shared_ptr<const Compiled> compiled_;
};

// A substitute as a configuration writes it: false when it ends in a lone backslash or names a group above 9.
bool valid_substitute(std::string_view substitute);

}  // namespace proxyd::rules
