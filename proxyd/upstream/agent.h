// What the agent on a server's machine says (configuration manual 5.2, agent-check): words that change the
// server's weight, its limit, what the operator wants, and its health. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "proxyd/state/server_state.h"

namespace proxyd::upstream {

struct AgentWords {
    std::optional<int> weight_percent;  // of the configured weight
    std::optional<int> weight;          // absolute
    std::optional<int> maxconn;
    std::optional<state::Admin> admin;
    std::optional<bool> up;
    std::string text;   // the word about health as it came, with what follows '#', for the log
    std::string error;  // the first word that is not known; those that are known count anyway
};

// The first line of an answer.
AgentWords parse_agent_words(std::string_view line);

// The first line is there.
bool agent_line_complete(std::string_view received);

}  // namespace proxyd::upstream
