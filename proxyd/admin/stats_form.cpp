#include "proxyd/admin/stats_form.h"

#include <algorithm>
#include <array>

#include "common/keyword_table.h"
#include "common/text.h"
#include "proxyd/admin/html_text.h"
#include "proxyd/admin/server_actions.h"
#include "proxyd/rules/ascii.h"
#include "proxyd/upstream/backend.h"
#include "proxyd/upstream/server_change.h"

namespace proxyd::admin {

namespace {

using upstream::ServerChange;

void set_agent(const ServerHandle& server, bool up) {
    ServerChange change(server.backend, *server.proxy, *server.server);
    server.server->agent_down = !up;
    change.finish();
    change.lead_followers();
}

struct ActionRow {
    std::string_view name;
    std::string_view text;
    void (*run)(const ServerHandle& server);
};
constexpr ActionRow kActions[] = {
    {"ready", "Set state to READY", [](const ServerHandle& s) { set_admin_state(s, state::Admin::ready); }},
    {"drain", "Set state to DRAIN", [](const ServerHandle& s) { set_admin_state(s, state::Admin::drain); }},
    {"maint", "Set state to MAINT",
     [](const ServerHandle& s) { set_admin_state(s, state::Admin::maintenance); }},
    {"hrunn", "Health: force UP", [](const ServerHandle& s) { (void)set_health(s, "up"); }},
    {"hdown", "Health: force DOWN", [](const ServerHandle& s) { (void)set_health(s, "down"); }},
    {"arunn", "Agent: force UP", [](const ServerHandle& s) { set_agent(s, true); }},
    {"adown", "Agent: force DOWN", [](const ServerHandle& s) { set_agent(s, false); }},
    {"shutdown", "Kill sessions",
     [](const ServerHandle& s) {
         if (s.backend) s.backend->evict(*s.server);
     }},
    // Old pages of HAProxy.
    {"start", "", [](const ServerHandle& s) { set_admin_state(s, state::Admin::ready); }},
    {"stop", "", [](const ServerHandle& s) { set_admin_state(s, state::Admin::maintenance); }},
};

struct ResultRow {
    std::string_view name, text;
};
constexpr ResultRow kResults[] = {
    {"DONE", "The change was made."},
    {"PART", "The change was made for some servers; the others are not known."},
    {"NONE", "Nothing was changed."},
    {"ERRP", "Nothing was changed: the form was not understood."},
    {"DENY", "Nothing was changed: you may only look."},
};

std::string decode(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const bool escaped = text[i] == '%' && i + 2 < text.size() && rules::hex_value(text[i + 1]) >= 0 &&
                             rules::hex_value(text[i + 2]) >= 0;
        if (escaped) {
            out += static_cast<char>(rules::hex_value(text[i + 1]) * 16 + rules::hex_value(text[i + 2]));
            i += 2;
        } else {
            out += text[i] == '+' ? ' ' : text[i];
        }
    }
    return out;
}

}  // namespace

StatsForm parse_stats_form(std::string_view body) {
    StatsForm form;
    form.valid = !body.empty();
    for (const std::string_view pair : common::split(body, '&')) {
        const std::size_t equal = pair.find('=');
        if (equal == std::string_view::npos) return form.valid = false, form;
        const std::string_view name = pair.substr(0, equal);
        std::string value = decode(pair.substr(equal + 1));
        if (name == "b")
            form.backend = std::move(value);
        else if (name == "s")
            form.servers.push_back(std::move(value));
        else if (name == "action")
            form.action = std::move(value);
    }
    return form;
}

std::string_view apply_stats_form(const View& view, const StatsForm& form) {
    const ActionRow* row = common::find_row(std::span<const ActionRow>(kActions), form.action);
    if (!form.valid || (row == nullptr && !form.action.empty())) return "ERRP";
    if (form.action.empty() || form.backend.empty() || form.servers.empty()) return "NONE";
    std::size_t changed = 0;
    for (const std::string& name : form.servers) {
        const auto server = find_server(view, form.backend + "/" + name);
        if (!server) continue;
        row->run(*server);
        ++changed;
    }
    if (changed == 0) return "ERRP";
    return changed == form.servers.size() ? "DONE" : "PART";
}

std::string_view form_result_text(std::string_view word) {
    const ResultRow* row = common::find_row(std::span<const ResultRow>(kResults), word);
    return row != nullptr ? row->text : std::string_view();
}

void append_form_controls(std::string_view backend, std::string& out) {
    out += "<p><label>Chosen servers: <select name=\"action\"><option value=\"\"></option>";
    for (const ActionRow& row : kActions)
        if (!row.text.empty())
            out.append("<option value=\"")
                .append(row.name)
                .append("\">")
                .append(row.text)
                .append("</option>");
    out += "</select></label> <input type=\"hidden\" name=\"b\" value=\"";
    append_html(backend, out);
    out += "\"><button>Apply</button></p>\n";
}

}  // namespace proxyd::admin
