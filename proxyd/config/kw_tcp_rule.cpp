// tcp-request and tcp-response (configuration manual 4.2).
#include "proxyd/config/absent_actions.h"
#include "proxyd/config/arguments.h"
#include "proxyd/config/rule_order.h"
#include "proxyd/config/tables.h"

namespace proxyd::config {
namespace {

using rules::Phase;
using rules::RuleSet;
using session::ProxySettings;

constexpr std::optional<RuleKind> kind_of(Phase phase) {
    switch (phase) {
        case Phase::tcp_connection:
            return RuleKind::tcp_connection;
        case Phase::tcp_session:
            return RuleKind::tcp_session;
        case Phase::tcp_content:
            return RuleKind::tcp_content;
        default:
            return std::nullopt;
    }
}

template <Phase phase, RuleSet ProxySettings::* member>
void add_rule(Reading& in, const Statement& line) {
    if (in.in_defaults() && in.draft->name.empty())
        return in.error(line, "'" + line.name() + "' is allowed in a defaults section that has a name only");
    if (skip_absent_action(in, line, phase)) return;
    if (in.in_defaults()) in.draft->has_rules = true;
    if (line.argument(0) == "switch-mode") in.draft->switches_mode = true;
    if (const auto kind = kind_of(phase)) note_rule(in, line, *kind);
    const std::size_t before = in.model.catalogue->mentions.size();
    (in.proxy().*member).add(phase, line.arguments(), in.proxy().acls, line.where, in.out);
    name_own_table(in, before);
}

template <common::Duration session::InheritedSettings::* member>
void set_delay(Reading& in, const Statement& line) {
    read_duration(in, line, 0, in.proxy().*member);
}

constexpr Keyword kRequest[] = {
    works("connection", kFrontendSide, 1, -1, add_rule<Phase::tcp_connection, &ProxySettings::tcp_connection>,
          "<action> [if|unless <condition>]", "what happens to connections as they come"),
    works("session", kFrontendSide, 1, -1, add_rule<Phase::tcp_session, &ProxySettings::tcp_session>,
          "<action> [if|unless <condition>]", "what happens to connections after the handshake"),
    works("content", kProxies, 1, -1, add_rule<Phase::tcp_content, &ProxySettings::tcp_content>,
          "<action> [if|unless <condition>]", "what happens after a look at the first bytes"),
    works("inspect-delay", kProxies, 1, 1, set_delay<&ProxySettings::inspect_delay>, "<time>",
          "how long those rules wait for bytes"),
};

constexpr Keyword kResponse[] = {
    works("content", kBackendSide, 1, -1, add_rule<Phase::tcp_response, &ProxySettings::tcp_response>,
          "<action> [if|unless <condition>]", "what happens after a look at a server's first bytes"),
    works("inspect-delay", kBackendSide, 1, 1, set_delay<&ProxySettings::response_inspect_delay>, "<time>",
          "how long those rules wait for bytes"),
};

}  // namespace

std::span<const Keyword> tcp_request_keywords() {
    return kRequest;
}

std::span<const Keyword> tcp_response_keywords() {
    return kResponse;
}

}  // namespace proxyd::config
