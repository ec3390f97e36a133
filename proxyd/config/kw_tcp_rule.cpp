// tcp-request and tcp-response (configuration manual 4.2). Of actions that do not work yet, one that only
// lets pass, waits or counts can be left out with a warning; one that refuses clients cannot.
#include <algorithm>

#include "proxyd/config/arguments.h"
#include "proxyd/config/tables.h"

namespace proxyd::config {
namespace {

// Actions (up to a parenthesis) whose absence lets nobody in.
constexpr std::string_view kHarmless[] = {
    "accept",
    "capture",
    "close",
    "do-resolve",
    "expect-proxy",
    "fc-silent-drop",
    "sc-add-gpc",
    "sc-inc-gpc",
    "sc-inc-gpc0",
    "sc-inc-gpc1",
    "sc-set-gpt",
    "sc-set-gpt0",
    "set-bc-mark",
    "set-bc-tos",
    "set-fc-mark",
    "set-fc-tos",
    "set-log-level",
    "set-mark",
    "set-nice",
    "set-priority-class",
    "set-priority-offset",
    "set-retries",
    "set-tos",
    "set-var",
    "set-var-fmt",
    "track-sc0",
    "track-sc1",
    "track-sc2",
    "unset-var",
};

constexpr std::string_view kAbsent = "the action is not supported yet";
constexpr std::string_view kNoResponses = "rules on the bytes of servers are not supported yet";

void ignore_harmless(Reading& in, const Statement& line, std::string_view why) {
    const std::string& action = line.argument(0);
    const std::string_view name = std::string_view(action).substr(0, action.find('('));
    if (std::ranges::find(kHarmless, name) != std::end(kHarmless))
        return in.no_effect(line, "'" + line.name() + " " + action + "'", why);
    in.error(line, "'" + line.name() + " " + action + "' is refused: " + std::string(why) +
                       ", and connections that it decides about would pass");
}

using rules::Phase;
using rules::RuleSet;
using session::ProxySettings;

template <Phase phase, RuleSet ProxySettings::* member>
void add_rule(Reading& in, const Statement& line) {
    if (in.in_defaults() && in.draft->name.empty())
        return in.error(line, "'" + line.name() + "' is allowed in a defaults section that has a name only");
    const std::string& action = line.argument(0);
    const std::string_view name = std::string_view(action).substr(0, action.find('('));
    const auto present = RuleSet::action_names(phase);
    const bool known = std::ranges::find(present, name) != present.end();
    if (!known && std::ranges::find(kHarmless, name) != std::end(kHarmless))
        return ignore_harmless(in, line, kAbsent);
    if (in.in_defaults()) in.draft->has_rules = true;
    (in.proxy().*member).add(phase, line.arguments(), in.proxy().acls, line.where, in.out);
}

void set_delay(Reading& in, const Statement& line) {
    read_duration(in, line, 0, in.proxy().inspect_delay);
}

void ignore_response(Reading& in, const Statement& line) {
    ignore_harmless(in, line, kNoResponses);
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
std::span<const Keyword> tcp_response_keywords() {
    return kResponse;
}

}  // namespace proxyd::config
