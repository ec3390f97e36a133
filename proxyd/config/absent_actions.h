// Actions of http-request, http-response and http-after-response that HAProxy documents and the rules room
// does not have yet. Those that only count, mark or remember are left out with a warning; those that decide
// are refused.
#pragma once

#include "proxyd/config/reading.h"
#include "proxyd/rules/rule_set.h"

namespace proxyd::config {

// True when the line's action is such a one, and has been talked about.
bool skip_absent_action(Reading& in, const Statement& line, rules::Phase phase);

}  // namespace proxyd::config
