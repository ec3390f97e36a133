// stats: the statistics page of a section (configuration manual 4.2).
#include "proxyd/config/arguments.h"
#include "proxyd/config/tables.h"

namespace proxyd::config {
namespace {

using session::StatsSettings;

// As in HAProxy: any stats word makes a page, and the first one of a section starts it anew instead of
// changing the copy that came from defaults. Who loses a password that way is told.
StatsSettings& page(Reading& in, const Statement& line) {
    StatsSettings& stats = in.proxy().stats;
    if (in.draft->preset.stats_from_defaults) {
        in.draft->preset.stats_from_defaults = false;
        if (!stats.users.empty() || stats.uri != StatsSettings().uri)
            in.warning(line,
                       "'" + line.name() +
                           "' starts a page of this section's own, as in HAProxy: 'stats uri' and "
                           "'stats auth' of the defaults no longer hold here; repeat them if they should");
        stats = {};
    }
    stats.enabled = true;
    return stats;
}

void enable(Reading& in, const Statement& line) {
    page(in, line);
}

template <std::string StatsSettings::* member>
void set_text(Reading& in, const Statement& line) {
    page(in, line).*member = line.argument(0);
}

template <bool StatsSettings::* member>
void set_flag(Reading& in, const Statement& line) {
    page(in, line).*member = true;
}

void add_user(Reading& in, const Statement& line) {
    const std::string& user = line.argument(0);
    if (!user.contains(':')) return in.error(line, "'stats auth' expects USER:PASSWORD");
    page(in, line).users.push_back(user);
}

void set_refresh(Reading& in, const Statement& line) {
    common::Duration value{0};
    if (read_duration(in, line, 0, value, common::TimeUnit::s))
        page(in, line).refresh_s =
            static_cast<int>(std::chrono::duration_cast<std::chrono::seconds>(value).count());
}

void show_node(Reading& in, const Statement& line) {
    StatsSettings& stats = page(in, line);
    stats.show_node = true;
    if (line.count() > 0) stats.node = line.argument(0);
}

void show_description(Reading& in, const Statement& line) {
    StatsSettings& stats = page(in, line);
    stats.show_description = true;
    for (const std::string& word : line.arguments())
        stats.description += (stats.description.empty() ? "" : " ") + word;
}

void add_admin(Reading& in, const Statement& line) {
    rules::Condition condition;
    if (rules::compile_condition(line.arguments(), in.proxy().acls, line.where, in.out, condition))
        page(in, line).admin.push_back(std::move(condition));
}

void add_scope(Reading& in, const Statement& line) {
    page(in, line).scope.push_back(line.argument(0));
}

// HAProxy takes the first word and ignores the others.
void set_realm(Reading& in, const Statement& line) {
    page(in, line).realm = line.argument(0);
    if (line.count() > 1)
        in.no_effect(line, "'" + line.argument(1) + "' after 'stats realm'",
                     "the realm is one word; escape blanks with a backslash or quote it");
}

void add_rule(Reading& in, const Statement& line) {
    const std::string& action = line.argument(0);
    if (action != "allow" && action != "deny" && action != "auth")
        return in.error(line, "'stats http-request' knows 'allow', 'deny' and 'auth', not '" + action + "'");
    page(in, line).access.add(rules::Phase::http_request, line.arguments(), in.proxy().acls, line.where,
                              in.out);
}

constexpr Keyword kKeywords[] = {
    works("admin", kOwnProxies, 1, -1, add_admin, "if|unless <condition>",
          "who may change servers by the page"),
    works("auth", kProxies, 1, 1, add_user, "<user>:<password>", "who may see the page; repeatable"),
    works("enable", kProxies, 0, 0, enable, "", "there is a statistics page"),
    works("hide-version", kProxies, 0, 0, set_flag<&StatsSettings::hide_version>, "",
          "the page hides the version"),
    works("http-request", kOwnProxies, 1, -1, add_rule,
          "allow|deny|auth [realm <realm>] [if|unless <condition>]", "who may see the page"),
    works("realm", kProxies, 1, -1, set_realm, "<realm>", "shown when the password is asked for"),
    works("refresh", kProxies, 1, 1, set_refresh, "<seconds>", "the page reloads itself"),
    works("scope", kProxies, 1, 1, add_scope, "<section>|.", "the page shows this section; repeatable"),
    works("show-desc", kProxies, 0, -1, show_description, "[<text>]", "the page shows a description"),
    works("show-legends", kProxies, 0, 0, set_flag<&StatsSettings::show_legends>, "",
          "the page explains itself"),
    works("show-modules", kProxies, 0, 0, enable, "", "shows nothing more here"),
    works("show-node", kProxies, 0, 1, show_node, "[<name>]", "the page shows the node's name"),
    works("uri", kProxies, 1, 1, set_text<&StatsSettings::uri>, "<path>", "where the page is"),
};

}  // namespace

std::span<const Keyword> stats_page_keywords() {
    return kKeywords;
}

}  // namespace proxyd::config
