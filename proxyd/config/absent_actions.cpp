#include "proxyd/config/absent_actions.h"

#include <algorithm>

namespace proxyd::config {
namespace {

struct Row {
    std::string_view name;  // up to '(' or '.'
    Effect effect;
    std::string_view why;
};

constexpr std::string_view kTables = "stick tables are not supported yet";

constexpr Row kRows[] = {
    {"cache-store", Effect::none, "the cache is not supported yet"},
    {"cache-use", Effect::none, "the cache is not supported yet"},
    {"disable-l7-retry", Effect::none, "requests are not sent again anyway"},
    {"do-log", Effect::none, kNotYet},
    {"do-resolve", Effect::none, kNotYet},
    {"early-hint", Effect::none, kNotYet},
    {"set-bc-mark", Effect::none, kNotYet},
    {"set-bc-tos", Effect::none, kNotYet},
    {"set-fc-mark", Effect::none, kNotYet},
    {"set-fc-tos", Effect::none, kNotYet},
    {"set-log-level", Effect::none, kNotYet},
    {"set-mark", Effect::none, kNotYet},
    {"set-nice", Effect::none, kOwnTuning},
    {"set-priority-class", Effect::none, kNotYet},
    {"set-priority-offset", Effect::none, kNotYet},
    {"set-retries", Effect::none, kNotYet},
    {"set-timeout", Effect::none, kNotYet},
    {"set-tos", Effect::none, kNotYet},
    {"strict-mode", Effect::none, kNotYet},
    {"track-sc", Effect::none, kTables},
    {"wait-for-body", Effect::none, "write 'option http-buffer-request'"},
    {"wait-for-handshake", Effect::none, "early data is not taken"},
    {"lua", Effect::refused, "there is no Lua interpreter here; what the script decides would not happen"},
    {"normalize-uri", Effect::refused,
     "not supported yet; rules that look at the path would see another one"},
    {"reject", Effect::refused, "not supported yet; the requests would pass"},
    {"return", Effect::refused, "not supported yet; the requests would go to a server"},
    {"send-spoe-group", Effect::refused, "not supported yet; what the agent decides would not happen"},
    {"set-bandwidth-limit", Effect::refused, "not supported yet; the bandwidth would not be limited"},
    {"silent-drop", Effect::refused, "not supported yet; the requests would pass"},
    {"tarpit", Effect::refused, "not supported yet; the requests would pass"},
    {"pause", Effect::none, kNotYet},
};

bool starts_row(std::string_view action, std::string_view name) {
    if (!action.starts_with(name)) return false;
    action.remove_prefix(name.size());
    return action.empty() || action.front() == '(' || action.front() == '.';
}

}  // namespace

bool skip_absent_action(Reading& in, const Statement& line, rules::Phase phase) {
    const std::string& action = line.argument(0);
    const auto present = rules::RuleSet::action_names(phase);
    if (std::ranges::any_of(present, [&](std::string_view each) { return starts_row(action, each); }))
        return false;
    const std::string_view name = std::string_view(action).substr(0, action.find('('));
    const std::string what = "'" + line.name() + " " + std::string(name) + "'";
    if (action == "use-service") {
        const bool metrics = line.count() > 1 && line.argument(1) == "prometheus-exporter";
        if (metrics)
            in.no_effect(line, what, "metrics have no place of their own in this proxy yet");
        else
            in.error(
                line,
                what + " is refused: the service does not exist here, and its requests would go to a server");
        return true;
    }
    const auto* row =
        std::ranges::find_if(kRows, [&](const Row& each) { return starts_row(action, each.name); });
    if (row == std::end(kRows)) return false;
    if (row->effect == Effect::none)
        in.no_effect(line, what, row->why);
    else
        in.error(line, what + " is refused: " + std::string(row->why));
    return true;
}

}  // namespace proxyd::config
