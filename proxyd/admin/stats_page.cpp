#include "proxyd/admin/stats_page.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <variant>

#include "common/control/protocol.h"
#include "proxyd/admin/html_text.h"
#include "proxyd/admin/stat_columns.h"
#include "proxyd/admin/stats_form.h"
#include "proxyd/admin/stats_style.h"

namespace proxyd::admin {

namespace {

using Subject = StatSubject;

// A cell's class says how it is aligned and coloured; see stats_style.h.
struct Cell {
    std::string_view group;
    std::string_view title;
    void (*render)(const Subject&, std::string& out);
};

std::string column_text(const Subject& subject, std::string_view column) {
    const StatColumn* const found = find_column(column);
    std::string text;
    if ((found->kinds & (1U << static_cast<unsigned>(subject.kind))) != 0) found->render(subject, text);
    return text;
}

// The number in a statistics column, grouped; other text as it is; nothing where the column does not apply.
void put_column(const Subject& subject, std::string_view column, std::string& out) {
    const std::string text = column_text(subject, column);
    const bool digits = !text.empty() && text.find_first_not_of("0123456789") == std::string::npos;
    if (digits && text.size() < 19) {
        out += grouped(std::stoll(text));
    } else {
        append_html(text, out);
    }
}

// Current, maximum and such beside one another keep the table narrow: "3 / 10".
void put_pair(const Subject& subject, std::string_view first, std::string_view second, std::string& out) {
    if (column_text(subject, first).empty() && column_text(subject, second).empty()) return;
    put_column(subject, first, out);
    out += " / ";
    put_column(subject, second, out);
}

void put_bytes(const Subject& subject, std::string_view column, std::string& out) {
    const std::string text = column_text(subject, column);
    if (text.empty()) return;
    out += "<span title=\"" + text + " bytes\">" + human_bytes(std::stoull(text)) + "</span>";
}

void queue(const Subject& s, std::string& out) {
    put_pair(s, "qcur", "qmax", out);
}
void queue_limit(const Subject& s, std::string& out) {
    put_column(s, "qlimit", out);
}
void rate(const Subject& s, std::string& out) {
    put_pair(s, "rate", "rate_max", out);
}
void request_rate(const Subject& s, std::string& out) {
    put_pair(s, "req_rate", "req_rate_max", out);
}
void sessions(const Subject& s, std::string& out) {
    put_pair(s, "scur", "smax", out);
}
void limit(const Subject& s, std::string& out) {
    const std::int64_t most = session_limit(s);
    out += most > 0 ? grouped(most) : "&ndash;";
}
void total(const Subject& s, std::string& out) {
    if (s.kind != StatKind::listener) put_column(s, "stot", out);
}
void requests(const Subject& s, std::string& out) {
    put_column(s, "req_tot", out);
}
void last(const Subject& s, std::string& out) {
    const std::string text = column_text(s, "lastsess");
    if (!text.empty()) out += text == "-1" ? "&ndash;" : human_time(std::stoll(text));
}
void bytes_in(const Subject& s, std::string& out) {
    if (s.kind != StatKind::listener) put_bytes(s, "bin", out);
}
void bytes_out(const Subject& s, std::string& out) {
    if (s.kind != StatKind::listener) put_bytes(s, "bout", out);
}
void denied(const Subject& s, std::string& out) {
    if (s.kind == StatKind::frontend || s.kind == StatKind::backend) put_pair(s, "dreq", "dresp", out);
}
void request_errors(const Subject& s, std::string& out) {
    if (s.kind == StatKind::frontend) put_column(s, "ereq", out);
}
void server_errors(const Subject& s, std::string& out) {
    put_pair(s, "econ", "eresp", out);
}
void retries(const Subject& s, std::string& out) {
    put_pair(s, "wretr", "wredis", out);
}
void answers(const Subject& s, std::string& out) {
    if (s.kind == StatKind::listener || !s.settings->http_mode) return;
    out += "<span title=\"1xx " + column_text(s, "hrsp_1xx") + ", 2xx " + column_text(s, "hrsp_2xx") +
           ", 3xx " + column_text(s, "hrsp_3xx") + ", 4xx " + column_text(s, "hrsp_4xx") + ", 5xx " +
           column_text(s, "hrsp_5xx") + ", other " + column_text(s, "hrsp_other") + "\">";
    put_pair(s, "hrsp_4xx", "hrsp_5xx", out);
    out += "</span>";
}
void check(const Subject& s, std::string& out) {
    if (!s.checked()) return;
    out += "<span title=\"";
    append_html(s.check.description + (s.check.info.empty() ? "" : ": " + s.check.info), out);
    out += "\">";
    put_column(s, "check_status", out);
    if (s.check.code > 0) out += "/" + std::to_string(s.check.code);
    if (s.check.duration_ms >= 0) out += " in " + std::to_string(s.check.duration_ms) + "ms";
    out += "</span>";
}
void weight(const Subject& s, std::string& out) {
    put_column(s, "weight", out);
}
void role(const Subject& s, std::string& out) {
    if (s.kind == StatKind::server) {
        out += s.server->backup ? "backup" : "active";
    } else if (s.kind == StatKind::backend) {
        put_pair(s, "act", "bck", out);
    }
}
void failures(const Subject& s, std::string& out) {
    if (s.checked()) put_pair(s, "chkfail", "chkdown", out);
}
void down_time(const Subject& s, std::string& out) {
    if (!column_text(s, "downtime").empty()) out += human_time(downtime_s(s));
}

// What tells trouble comes first; wide screens show the rest without scrolling. Servers and their queues are
// shown where there are servers.
constexpr Cell kCells[] = {
    {"Server", "last check", check},
    {"Server", "weight", weight},
    {"Server", "active / backup", role},
    {"Server", "fails / downs", failures},
    {"Server", "downtime", down_time},
    {"Sessions", "cur / max", sessions},
    {"Sessions", "limit", limit},
    {"Sessions", "rate / max", rate},
    {"Sessions", "total", total},
    {"Sessions", "last", last},
    {"Queue", "cur / max", queue},
    {"Queue", "limit", queue_limit},
    {"Requests", "rate / max", request_rate},
    {"Requests", "total", requests},
    {"Requests", "4xx / 5xx", answers},
    {"Errors", "req", request_errors},
    {"Errors", "conn / resp", server_errors},
    {"Errors", "retr / redis", retries},
    {"Denied", "req / resp", denied},
    {"Bytes", "in", bytes_in},
    {"Bytes", "out", bytes_out},
};

// One of the classes of stats_style.h.
std::string_view state_class(const Subject& s, const std::string& status) {
    if (status.starts_with("MAINT") || status == "STOP") return "maint";
    if (status.starts_with("DRAIN")) return "drain";
    if (status == "WAITING") return "falling";
    if (s.kind == StatKind::server) {
        if (status.starts_with("DOWN ")) return "rising";
        if (status.starts_with("UP ")) return "falling";
    }
    if (status.starts_with("DOWN")) return "down";
    return status == "no check" ? "plain" : "up";
}

std::string subject_name(const Subject& s) {
    switch (s.kind) {
        case StatKind::frontend:
            return "Frontend";
        case StatKind::backend:
            return "Backend";
        default:
            break;
    }
    return s.server != nullptr ? s.server->name : column_text(s, "svname");
}

bool shown(const Cell& cell, const session::ProxySettings& section) {
    return section.is_backend || (cell.group != "Server" && cell.group != "Queue");
}

void append_row(const Subject& s, const PageOptions& options, std::string& out) {
    const std::string status = status_text(s);
    constexpr std::string_view kRowClass[] = {"frontend", "backend", "server", "listener"};
    out.append("<tr class=\"")
        .append(kRowClass[static_cast<std::size_t>(s.kind)])
        .append("\"><th scope=\"row\"");
    if (options.show_legends && (s.server != nullptr || s.listener != nullptr)) {
        out += " title=\"";
        append_html(column_text(s, "addr") + ", id: " + std::to_string(s.id), out);
        out += '"';
    }
    out += '>';
    if (options.admin && s.kind == StatKind::server) {
        out += "<input type=\"checkbox\" name=\"s\" value=\"";
        append_html(s.server->name, out);
        out += "\"> ";
    }
    append_html(subject_name(s), out);
    out.append("</th><td class=\"state\"><span class=\"").append(state_class(s, status)).append("\">");
    append_html(status, out);
    out += "</span>";
    if (s.kind == StatKind::server || s.kind == StatKind::backend) {
        out += " <small>" + human_time(std::max<std::int64_t>(0, s.wall_ms - s.changed_ms()) / 1000) +
               "</small>";
    }
    out += "</td>";
    for (const Cell& cell : kCells) {
        if (!shown(cell, *s.settings)) continue;
        out += "<td>";
        cell.render(s, out);
        out += "</td>";
    }
    out += "</tr>\n";
}

bool has_form(const session::ProxySettings& section, const PageOptions& options) {
    return options.admin && section.is_backend && !section.upstream.servers.empty();
}

void append_table_end(const session::ProxySettings* section, const PageOptions& options, std::string& out) {
    if (section == nullptr) return;
    out += "</tbody></table></div>\n";
    if (has_form(*section, options)) {
        append_form_controls(section->name, out);
        out += "</form>";
    }
    out += "</section>\n";
}

void append_table_head(const session::ProxySettings& section, const PageOptions& options, std::string& out) {
    out += "<section><h2 id=\"";
    append_html(section.name, out);
    out += "\">";
    append_html(section.name, out);
    out += " <small>";
    out += section.http_mode ? "http" : "tcp";
    if (section.is_backend) append_html(", " + section.upstream.balance, out);
    if (options.show_legends) out += ", id " + std::to_string(section.id);
    if (!section.description.empty()) append_html(" · " + section.description, out);
    out += "</small></h2>\n";
    if (has_form(section, options)) {
        out += "<form method=\"post\" action=\"";
        append_html(options.uri, out);
        out += "\">\n";
    }
    out +=
        "<div class=\"scroll\"><table>\n<thead><tr><th rowspan=\"2\" scope=\"col\">Name</th>"
        "<th rowspan=\"2\" scope=\"col\">Status</th>";
    for (std::size_t i = 0; i < std::size(kCells);) {
        std::size_t end = i;
        while (end < std::size(kCells) && kCells[end].group == kCells[i].group) ++end;
        if (shown(kCells[i], section)) {
            out += "<th scope=\"colgroup\" colspan=\"" + std::to_string(end - i) + "\">" +
                   std::string(kCells[i].group) + "</th>";
        }
        i = end;
    }
    out += "</tr>\n<tr>";
    for (const Cell& cell : kCells) {
        if (shown(cell, section)) out.append("<th scope=\"col\">").append(cell.title).append("</th>");
    }
    out += "</tr></thead>\n<tbody>\n";
}

void append_summary(const View& view, const PageOptions& options, std::string& out) {
    using namespace std::chrono;
    const state::ProcessState& process = view.runtime->state->process;
    const std::int64_t now = duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
    out += "<ul class=\"facts\">";
    const auto fact = [&](std::string_view name, const std::string& value) {
        out.append("<li>").append(name).append(" <b>").append(value).append("</b></li>");
    };
    fact("up", human_time(std::max<std::int64_t>(0, now - process.started_ms) / 1000));
    fact("connections", grouped(process.connections.now()) + " of " + grouped(view.runtime->maxconn));
    fact("new per second", grouped(process.connection_rate.per_second(common::Clock::now())));
    fact("with TLS", grouped(process.tls_connections.now()));
    fact("threads", std::to_string(view.runtime->state->workers));
    fact("process", std::to_string(getpid()));
    const auto dropped = static_cast<std::int64_t>(process.dropped_log_lines.load());
    if (dropped > 0) fact("log lines dropped", grouped(dropped));
    if (view.runtime->stopping.load()) fact("state", "stopping");
    out += "</ul>\n";
    const std::string keeper = keeper_sentence(view);
    if (!keeper.empty()) {
        out += "<p class=\"keeper\">";
        append_html(keeper, out);
        out += "</p>\n";
    }
    if (!options.result.empty()) {
        out += "<p role=\"status\"><strong>";
        append_html(options.result, out);
        out += "</strong></p>\n";
    }
    if (!options.description.empty()) {
        out += "<p>";
        append_html(options.description, out);
        out += "</p>\n";
    }
}

void append_head(const View& view, const PageOptions& options, std::string& out) {
    std::string title = "Statistics";
    if (options.show_node && !options.node.empty()) title += " of " + options.node;
    out +=
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">"
        "<link rel=\"icon\" href=\"data:,\">\n";
    if (options.refresh_s > 0)
        out += "<meta http-equiv=\"refresh\" content=\"" + std::to_string(options.refresh_s) + "\">\n";
    out += "<title>";
    append_html(title, out);
    out.append("</title>\n<style>").append(kStatsStyle).append("</style></head>\n<body>\n<header><h1>");
    append_html(title, out);
    if (!options.hide_version) {
        out += " <small>proxyd ";
        append_html(view.release, out);
        out += "</small>";
    }
    out += "</h1>\n<nav>";
    const auto link = [&](std::string_view suffix, std::string_view text) {
        out += "<a href=\"";
        append_html(options.uri, out);
        out.append(suffix).append("\">").append(text).append("</a> ");
    };
    link("", "Refresh");
    if (options.refresh_s > 0) link(";norefresh", "Stop refreshing");
    link(";up", "Hide servers that are down");
    link(";csv", "CSV");
    out += "</nav></header>\n";
}

}  // namespace

std::string keeper_sentence(const View& view) {
    std::string line = view.keeper_role ? view.keeper_role() : std::string();
    while (line.ends_with('\n')) line.pop_back();
    if (line.empty()) return {};
    const auto message = common::control::decode(line);
    const auto* const role = message ? std::get_if<common::control::Role>(&*message) : nullptr;
    if (role == nullptr) return {};
    std::string text = "VRRP on " + role->node + ":";
    for (const common::control::InstanceRole& instance : role->instances) {
        text += (text.back() == ':' ? " " : "; ") + instance.name + " " +
                std::string(common::control::name_of(instance.state)) + " (" + instance.interface +
                ", priority " + std::to_string(instance.priority);
        for (const std::string& address : instance.addresses) text += ", " + address;
        text += ")";
    }
    return role->instances.empty() ? text + " no instances" : text;
}

std::string render_page(const View& view, const PageOptions& options) {
    constexpr int kAllTypes = 15;
    std::string out;
    append_head(view, options, out);
    append_summary(view, options, out);
    StatFilter filter;
    filter.types = kAllTypes;
    filter.sections = options.sections;
    const session::ProxySettings* current = nullptr;
    for_each_subject(view, filter, [&](const Subject& subject) {
        if (subject.settings != current) {
            append_table_end(current, options, out);
            current = subject.settings;
            append_table_head(*current, options, out);
        }
        if (options.only_up && subject.kind == StatKind::server && subject.down()) return;
        append_row(subject, options, out);
    });
    append_table_end(current, options, out);
    out.append(kStatsLegend).append("</body></html>\n");
    return out;
}

}  // namespace proxyd::admin
