// tcp-request and tcp-response (configuration manual 4.2).
#include <algorithm>

#include "proxyd/config/absent_actions.h"
#include "proxyd/config/arguments.h"
#include "proxyd/config/tables.h"

namespace proxyd::config {
namespace {

// What tcp-response rules may ask for although they do not run: it lets nothing pass that they would stop.
struct ResponseAction {
    std::string_view name;
    bool harmless;
};
constexpr ResponseAction kResponseActions[] = {
    {"accept", true},        {"close", false},      {"reject", false},          {"sc-inc-gpc", true},
    {"sc-inc-gpc0", true},   {"sc-inc-gpc1", true}, {"sc-set-gpt", true},       {"sc-set-gpt0", true},
    {"set-log-level", true}, {"set-mark", true},    {"set-nice", true},         {"set-tos", true},
    {"set-var", true},       {"set-var-fmt", true}, {"send-spoe-group", false}, {"silent-drop", false},
    {"unset-var", true},
};
constexpr std::string_view kNoResponses = "rules on the bytes of servers are not supported yet";

using rules::Phase;
using rules::RuleSet;
using session::ProxySettings;

template <Phase phase, RuleSet ProxySettings::* member>
void add_rule(Reading& in, const Statement& line) {
    if (in.in_defaults() && in.draft->name.empty())
        return in.error(line, "'" + line.name() + "' is allowed in a defaults section that has a name only");
    if (skip_absent_action(in, line, phase)) return;
    if (in.in_defaults()) in.draft->has_rules = true;
    (in.proxy().*member).add(phase, line.arguments(), in.proxy().acls, line.where, in.out);
}

void set_delay(Reading& in, const Statement& line) {
    read_duration(in, line, 0, in.proxy().inspect_delay);
}

void ignore_response(Reading& in, const Statement& line) {
    const std::string& action = line.argument(0);
    const std::string_view name = std::string_view(action).substr(0, action.find('('));
    const auto* row = std::ranges::find(kResponseActions, name, &ResponseAction::name);
    const std::string what = "'" + line.name() + " " + std::string(name) + "'";
    if (row == std::end(kResponseActions)) return in.error(line, what + ": unknown action");
    if (row->harmless) return in.no_effect(line, what, kNoResponses);
    in.error(line, what + " is refused: " + std::string(kNoResponses) + ", and what it stops would pass");
}

constexpr Keyword kRequest[] = {
    works("connection", kFrontendSide, 1, -1, add_rule<Phase::tcp_connection, &ProxySettings::tcp_connection>,
          "<action> [if|unless <condition>]", "what happens to connections as they come"),
    works("session", kFrontendSide, 1, -1, add_rule<Phase::tcp_session, &ProxySettings::tcp_session>,
          "<action> [if|unless <condition>]", "what happens to connections after the handshake"),
    works("content", kProxies, 1, -1, add_rule<Phase::tcp_content, &ProxySettings::tcp_content>,
          "<action> [if|unless <condition>]", "what happens after a look at the first bytes"),
    works("inspect-delay", kProxies, 1, 1, set_delay, "<time>", "how long those rules wait for bytes"),
};

constexpr Keyword kResponse[] = {
    works("content", kBackendSide, 1, -1, ignore_response, "<action> ...",
          "no effect yet; refusing actions are refused"),
    inert("inspect-delay", kBackendSide, kNoResponses),
};

}  // namespace

std::span<const Keyword> tcp_request_keywords() {
    return kRequest;
}
std::vector<ResponseActionHelp> tcp_response_actions() {
    std::vector<ResponseActionHelp> out;
    for (const ResponseAction& each : kResponseActions)
        out.push_back({each.name, each.harmless ? Effect::none : Effect::refused, kNoResponses});
    return out;
}

std::span<const Keyword> tcp_response_keywords() {
    return kResponse;
}

}  // namespace proxyd::config
