// Answers `stats uri`: the page, or the CSV for ";csv". The session has checked `stats auth`.
#include <algorithm>
#include <string_view>

#include "proxyd/admin/stat_columns.h"
#include "proxyd/admin/stats_form.h"
#include "proxyd/admin/stats_page.h"
#include "proxyd/admin/view.h"

namespace proxyd::admin {

namespace {

// What follows the configured URI: ";csv", ";up;norefresh", ...
bool has_option(std::string_view suffix, std::string_view option) {
    for (std::size_t at = suffix.find(option); at != std::string_view::npos;
         at = suffix.find(option, at + 1)) {
        const std::size_t end = at + option.size();
        const bool begins = at > 0 && suffix[at - 1] == ';';
        if (begins && (end == suffix.size() || suffix[end] == ';')) return true;
    }
    return false;
}

// "." is the section that shows the page.
std::vector<std::string> scope(const session::StatsSettings& settings, const session::ProxySettings& own) {
    std::vector<std::string> sections = settings.scope;
    std::ranges::replace(sections, std::string("."), own.name);
    return sections;
}

PageOptions page_options(const View& view, const session::StatsSettings& settings, std::string_view suffix) {
    PageOptions options;
    options.uri = settings.uri;
    options.refresh_s = has_option(suffix, "norefresh") ? 0 : settings.refresh_s;
    options.hide_version = settings.hide_version;
    options.show_node = settings.show_node;
    options.show_legends = settings.show_legends;
    options.only_up = has_option(suffix, "up");
    options.node = settings.node.empty() ? view.model->global.node : settings.node;
    options.description = settings.description;
    if (const std::size_t at = suffix.find(";st="); at != std::string_view::npos)
        options.result = form_result_text(suffix.substr(at + 4, 4));
    return options;
}

// The browser is sent back to the page, which says how it went.
session::ServiceReply change_servers(const View& view, const session::StatsSettings& settings,
                                     const session::StatsVisit& visit) {
    const std::string_view result =
        visit.admin ? apply_stats_form(view, parse_stats_form(visit.form)) : std::string_view("DENY");
    session::ServiceReply reply;
    reply.status = 303;
    reply.content_type = "text/plain";
    reply.fields.emplace_back("location", settings.uri + ";st=" + std::string(result));
    return reply;
}

session::ServiceReply answer(const View& view, const session::StatsSettings& settings,
                             const session::ProxySettings& own, const session::StatsVisit& visit) {
    if (visit.request.method == http::Method::post) return change_servers(view, settings, visit);
    const std::string_view path = visit.request.path_and_query();
    const std::string_view suffix = path.substr(std::min(path.size(), settings.uri.size()));
    session::ServiceReply reply;
    if (has_option(suffix, "csv")) {
        reply.content_type = "text/plain";
        StatFilter filter;
        filter.sections = scope(settings, own);
        reply.body = render_csv(view, filter);
        return reply;
    }
    PageOptions options = page_options(view, settings, suffix);
    options.sections = scope(settings, own);
    options.admin = visit.admin;
    reply.content_type = "text/html; charset=utf-8";
    // Nothing in the page runs or loads anything: say so to the browser.
    reply.fields.emplace_back("content-security-policy",
                              "default-src 'none'; style-src 'unsafe-inline'; img-src data:");
    reply.fields.emplace_back("x-content-type-options", "nosniff");
    if (options.refresh_s > 0) reply.fields.emplace_back("refresh", std::to_string(options.refresh_s));
    reply.body = render_page(view, options);
    return reply;
}

}  // namespace

session::StatsService make_stats_service(const View& view) {
    return [view](const session::StatsSettings& settings, const session::ProxySettings& own,
                  const session::StatsVisit& visit) { return answer(view, settings, own, visit); };
}

}  // namespace proxyd::admin
