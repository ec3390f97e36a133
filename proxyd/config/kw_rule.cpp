// acl, rules and the choice of a backend (configuration manual 4.2, chapter 7). The rules room knows the
// actions and samples; here is where their lines may stand and in which set they end.
#include "proxyd/config/absent_actions.h"
#include "proxyd/config/arguments.h"
#include "proxyd/config/rule_order.h"
#include "proxyd/config/tables.h"

namespace proxyd::config {
namespace {

using rules::Phase;
using rules::RuleSet;
using session::ProxySettings;

// Defaults without a name cannot hold rules: nobody could tell which section they belong to.
bool may_hold_rules(Reading& in, const Statement& line) {
    if (!in.in_defaults()) return true;
    if (!in.draft->name.empty()) {
        in.draft->has_rules = true;
        return true;
    }
    in.error(line, "'" + line.words.front() + "' is allowed in a defaults section that has a name only");
    return false;
}

void add_acl(Reading& in, const Statement& line) {
    if (!may_hold_rules(in, line)) return;
    in.proxy().acls.add(line.arguments(), line.where, in.out);
}

template <Phase phase, RuleSet ProxySettings::* member>
void add_rule(Reading& in, const Statement& line) {
    if (!may_hold_rules(in, line) || skip_absent_action(in, line, phase)) return;
    if (phase == Phase::http_request) note_rule(in, line, RuleKind::http_request);
    note_reach(in, line, in.proxy().*member);
    const std::size_t before = in.model.catalogue->mentions.size();
    (in.proxy().*member).add(phase, line.arguments(), in.proxy().acls, line.where, in.out);
    name_own_table(in, before);
}

void add_redirect(Reading& in, const Statement& line) {
    note_rule(in, line, RuleKind::redirect);
    in.proxy().http_request.add_redirect(line.arguments(), in.proxy().acls, line.where, in.out);
}

template <RuleSet ProxySettings::* member>
void add_legacy(Reading& in, const Statement& line) {
    (in.proxy().*member)
        .add_legacy(line.words.front(), line.arguments(), in.proxy().acls, line.where, in.out);
}

void add_use_backend(Reading& in, const Statement& line) {
    note_rule(in, line, RuleKind::use_backend);
    session::UseBackend rule;
    rule.where = line.where;
    rule.backend_name = line.argument(0);
    const auto condition = line.arguments().subspan(1);
    if (!rules::compile_condition(condition, in.proxy().acls, line.where, in.out, rule.condition,
                                  rules::kAtChoice))
        return;
    if (rule.backend_name.contains('%')) {
        const auto format = rules::LogFormat::compile(rule.backend_name, rules::LogUse::text,
                                                      in.model.catalogue.get(), rules::kAtChoice);
        if (!format) return in.error(line, format.error());
        rule.name_format = *format;
    } else if (in.draft->routed_without_condition) {
        in.warning(line, "'use_backend' is never reached: an earlier one has no condition");
    }
    in.draft->routed_without_condition |= condition.empty();
    in.proxy().use_backends.push_back(std::move(rule));
}

void set_default_backend(Reading& in, const Statement& line) {
    in.proxy().default_backend_name = line.argument(0);
    in.draft->default_backend_where = line.where;
}

// Removed from HAProxy long ago; the rules room tells the modern form.
constexpr Keyword legacy(std::string_view name, Handler handler) {
    return works(name, kOwnProxies, 1, -1, handler, "...",
                 "removed from HAProxy, still works here with a warning");
}
constexpr Handler kToRequest = add_legacy<&ProxySettings::http_request>;
constexpr Handler kToResponse = add_legacy<&ProxySettings::http_response>;

constexpr Keyword kKeywords[] = {
    works("acl", kProxies, 2, -1, add_acl, "<name> <criterion> [<flags>] [<pattern> ...]", "names a test"),
    works("http-request", kProxies, 1, -1, add_rule<Phase::http_request, &ProxySettings::http_request>,
          "<action> [<arguments>] [if|unless <condition>]", "what happens to requests"),
    works("http-response", kProxies, 1, -1, add_rule<Phase::http_response, &ProxySettings::http_response>,
          "<action> [<arguments>] [if|unless <condition>]", "what happens to responses of servers"),
    works("http-after-response", kProxies, 1, -1,
          add_rule<Phase::http_after_response, &ProxySettings::http_after_response>,
          "<action> [<arguments>] [if|unless <condition>]", "what happens to all responses"),
    works("redirect", kOwnProxies, 2, -1, add_redirect,
          "scheme|location|prefix <value> [code <n>] [if|unless <condition>]", "sends clients elsewhere"),
    works("use_backend", kFrontend | kListen, 1, -1, add_use_backend, "<name> [if|unless <condition>]",
          "where matching requests go"),
    works("default_backend", kFrontendSide, 1, 1, set_default_backend, "<name>",
          "where all other requests go"),
    legacy("block", kToRequest),
    legacy("reqadd", kToRequest),
    legacy("reqallow", kToRequest),
    legacy("reqdel", kToRequest),
    legacy("reqdeny", kToRequest),
    legacy("reqiallow", kToRequest),
    legacy("reqidel", kToRequest),
    legacy("reqideny", kToRequest),
    legacy("reqipass", kToRequest),
    legacy("reqirep", kToRequest),
    legacy("reqitarpit", kToRequest),
    legacy("reqpass", kToRequest),
    legacy("reqrep", kToRequest),
    legacy("reqtarpit", kToRequest),
    legacy("rspadd", kToResponse),
    legacy("rspdel", kToResponse),
    legacy("rspdeny", kToResponse),
    legacy("rspidel", kToResponse),
    legacy("rspideny", kToResponse),
    legacy("rspirep", kToResponse),
    legacy("rsprep", kToResponse),
    refused("reqisetbe", kFrontend | kListen, "removed from HAProxy; write 'use_backend NAME if { ... }'"),
    refused("reqsetbe", kFrontend | kListen, "removed from HAProxy; write 'use_backend NAME if { ... }'"),
};

}  // namespace

std::span<const Keyword> rule_keywords() {
    return kKeywords;
}

}  // namespace proxyd::config
