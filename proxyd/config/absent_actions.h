// Actions of rules that HAProxy documents and the rules room does not have. Those that only count, mark or
// tune are left out with a warning; those that decide about traffic are refused.
#pragma once

#include <span>
#include <string_view>

#include "proxyd/config/reading.h"
#include "proxyd/rules/rule_set.h"

namespace proxyd::config {

enum class AbsentIn : unsigned char { http, tcp, both };

struct AbsentAction {
    std::string_view name;  // up to '(' or '.'
    AbsentIn where;
    Effect effect;  // none or refused
    std::string_view why;
};

std::span<const AbsentAction> absent_actions();
// Whether rules of that phase could have it.
bool belongs_to(const AbsentAction& action, rules::Phase phase);

// True when the line's action is such a one, and has been talked about.
bool skip_absent_action(Reading& in, const Statement& line, rules::Phase phase);

}  // namespace proxyd::config
