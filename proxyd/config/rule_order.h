// Rules that stand in another order than they run in, and rules that never run: both mislead readers.
#pragma once

#include "proxyd/config/reading.h"
#include "proxyd/rules/rule_set.h"

namespace proxyd::config {

// Before a rule is added. Warns when it runs before one that stands above it.
void note_rule(Reading& in, const Statement& line, RuleKind kind);

// Before a rule is added to that set. Warns when the set never comes to it.
void note_reach(Reading& in, const Statement& line, const rules::RuleSet& set);

// After a rule was added: what it wants of a table that it does not name it wants of its own section's.
void name_own_table(Reading& in, std::size_t mentions_before);

}  // namespace proxyd::config
