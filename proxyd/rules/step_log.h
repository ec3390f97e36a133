// Log lines that rules ask for while an exchange is under way (do-log). observe/ writes them, the session
// lends the log of its frontend.
#pragma once

#include <string_view>

#include "proxyd/rules/rule_set.h"

namespace proxyd::rules {

struct LogProfile;

class StepLog {
 public:
    virtual ~StepLog() = default;
    // `profile`: says how the line looks instead of what the log's targets name; null: those. Thread of
    // Context::waiter's worker.
    virtual void write_at(Phase phase, const LogProfile* profile, Context& context) = 0;
};

}  // namespace proxyd::rules
