// Lines into statements and blocks. Knows no keyword. Pure.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "common/diagnostics.h"

namespace vrrpd::config {

struct SourceLine {
    std::string text;
    common::Location where;
};

struct Word {
    std::string text;
    bool quoted = false;
};

// keyword argument... [{ statement... }]
struct Statement {
    std::vector<Word> words;  // at least one
    common::Location where;
    bool has_block = false;
    std::vector<Statement> block;

    const std::string& name() const { return words.front().text; }
};

inline constexpr int kMaxDepth = 32;

// Whether to stop: after kMaxComplaints. Says so once, as an error.
bool too_many_complaints(common::Location where, common::Diagnostics& diagnostics);

// A '{' stands behind its keyword or on the next line. What does not fit is said and skipped: a '}' too many
// or a '{' without keyword is a warning, a block that never ends an error (the file is cut).
std::vector<Statement> parse_tree(std::span<const SourceLine> lines, common::Diagnostics& diagnostics);

}  // namespace vrrpd::config
