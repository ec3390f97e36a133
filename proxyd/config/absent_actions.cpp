#include "proxyd/config/absent_actions.h"

#include <algorithm>

namespace proxyd::config {
namespace {

constexpr auto kHttp = AbsentIn::http, kTcp = AbsentIn::tcp, kBoth = AbsentIn::both;
constexpr auto kNone = Effect::none, kRefused = Effect::refused;

constexpr AbsentAction kRows[] = {
    {"attach-srv", kTcp, kRefused, "reverse connections are not supported"},
    {"lua", kBoth, kRefused, "there is no Lua interpreter here; what the script decides would not happen"},
    {"send-spoe-group", kBoth, kRefused, "not supported; what the agent decides would not happen"},
    {"set-nice", kBoth, kNone, "all sessions of a worker have their turns in the order of their events"},
    {"use-service", kBoth, kRefused, "the service does not exist here"},
    {"wait-for-handshake", kHttp, kNone, "early data is not taken"},
};

bool starts_row(std::string_view action, std::string_view name) {
    if (!action.starts_with(name)) return false;
    action.remove_prefix(name.size());
    return action.empty() || action.front() == '(' || action.front() == '.';
}

bool is_http(rules::Phase phase) {
    using rules::Phase;
    return phase == Phase::http_request || phase == Phase::http_response ||
           phase == Phase::http_after_response;
}

}  // namespace

std::span<const AbsentAction> absent_actions() {
    return kRows;
}

bool belongs_to(const AbsentAction& action, rules::Phase phase) {
    return action.where == kBoth || (action.where == kHttp) == is_http(phase);
}

bool skip_absent_action(Reading& in, const Statement& line, rules::Phase phase) {
    const std::string& action = line.argument(0);
    const std::string_view name = std::string_view(action).substr(0, action.find('('));
    const auto present = rules::RuleSet::action_names(phase);
    const std::string what = "'" + line.name() + " " + std::string(name) + "'";
    if (name == "use-service" && line.count() > 1 && line.argument(1) == "prometheus-exporter" &&
        phase != rules::Phase::http_request) {
        in.no_effect(line, what, "metrics are asked for with HTTP requests");
        return true;
    }
    if (std::ranges::find(present, name) != present.end()) return false;
    const auto* row = std::ranges::find_if(kRows, [&](const AbsentAction& each) {
        return starts_row(action, each.name) && belongs_to(each, phase);
    });
    if (row == std::end(kRows)) return false;
    if (row->effect == Effect::none)
        in.no_effect(line, what, row->why);
    else
        in.error(line, what + " is refused: " + std::string(row->why));
    return true;
}

}  // namespace proxyd::config
