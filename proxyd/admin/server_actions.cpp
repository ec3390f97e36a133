#include "proxyd/admin/server_actions.h"

#include <algorithm>

#include "common/text.h"
#include "proxyd/observe/access_log.h"
#include "proxyd/upstream/backend.h"
#include "proxyd/upstream/health_log.h"
#include "proxyd/upstream/server_change.h"

namespace proxyd::admin {

namespace {

constexpr int kMaxWeight = 256;

upstream::ServerChange change_of(const ServerHandle& s) {
    return {s.backend, *s.proxy, *s.server};
}

// Goes to the section's log targets, as health changes do.
void log_change(const ServerHandle& s, int severity, const std::string& text) {
    const auto& logs = s.view->runtime->logs;
    const auto index = static_cast<std::size_t>(s.section->index);
    if (index < logs.size() && logs[index]) logs[index]->message(severity, text);
}

std::string title(const ServerHandle& s) {
    return upstream::server_title(*s.proxy, *s.server);
}

std::string left_text(const ServerHandle& s, const char* word, int requeued) {
    return upstream::servers_left(*s.proxy, *s.server, word, requeued);
}

}  // namespace

common::Result<ServerHandle> find_server(const View& view, std::string_view name) {
    const std::size_t slash = name.find('/');
    if (slash == std::string_view::npos || slash + 1 == name.size())
        return common::fail("Require 'backend/server'.");
    const std::string_view backend_name = name.substr(0, slash);
    const std::string_view server_name = name.substr(slash + 1);
    const auto& proxies = view.model->proxies;
    for (std::size_t i = 0; i < proxies.size(); ++i) {
        if (!proxies[i]->is_backend || proxies[i]->name != backend_name) continue;
        state::ProxyState& proxy = *view.runtime->state->proxies[i];
        for (std::size_t n = 0; n < proxy.servers.size() && n < proxies[i]->upstream.servers.size(); ++n) {
            if (proxy.servers[n]->name != server_name) continue;
            return ServerHandle{proxies[i].get(),       &proxies[i]->upstream.servers[n], &proxy,
                                proxy.servers[n].get(), view.runtime->backends[i].get(),  &view};
        }
        return common::fail("No such server.");
    }
    return common::fail("No such backend.");
}

void set_admin_state(const ServerHandle& s, state::Admin wanted) {
    upstream::set_admin_state(s.backend, *s.proxy, *s.server, wanted,
                              [&s](int severity, const std::string& text) { log_change(s, severity, text); });
}

common::Result<> set_weight(const ServerHandle& s, std::string_view text) {
    const bool relative = text.ends_with('%');
    const auto number =
        common::parse_number(relative ? text.substr(0, text.size() - 1) : text, -1'000'000, 1'000'000);
    if (!number) return common::fail("Weight must be a number between 0 and 256, or a percentage.");
    const std::int64_t initial = s.settings->weight;
    std::int64_t weight = *number;
    if (relative) {
        if (*number < 0) return common::fail("Relative weight must be positive.");
        // A small share of a small weight still is a weight.
        weight = std::min<std::int64_t>((initial * *number + 99) / 100, kMaxWeight);
    } else if (weight < 0 || weight > kMaxWeight) {
        return common::fail("Absolute weight can only be between 0 and 256 inclusive.");
    }
    upstream::ServerChange change = change_of(s);
    s.server->configured_weight.store(static_cast<int>(weight));
    s.server->weight.store(static_cast<int>(weight));
    change.finish();
    return {};
}

common::Result<> set_server_maxconn(const ServerHandle& s, std::string_view text) {
    const auto number = common::parse_number(text, 0, 1'000'000'000);
    if (!number) return common::fail("Expects an integer.");
    s.server->maxconn.store(static_cast<int>(*number));
    if (s.backend != nullptr) s.backend->servers_changed();
    return {};
}

common::Result<std::string> set_server_address(const ServerHandle& s, std::string_view ip,
                                               std::string_view port) {
    common::Endpoint address = s.server->address();
    const std::string before = address.empty() ? "none" : address.to_string();
    std::uint16_t wanted_port =
        address.empty() ? static_cast<std::uint16_t>(s.settings->port) : address.port();
    if (!port.empty()) {
        const auto number = common::parse_number(port, 1, 65535);
        if (!number) return common::fail("Port must be between 1 and 65535.");
        wanted_port = static_cast<std::uint16_t>(*number);
    }
    const auto changed = common::Endpoint::from_ip(ip, wanted_port);
    if (!changed) return common::fail("Invalid addr family or address.");
    if (!address.empty() && *changed == address) return "no need to change the addr, port";
    s.server->set_address(*changed);
    if (s.backend != nullptr) s.backend->servers_changed();
    const std::string text = before + " changed to " + changed->to_string() + " by 'stats socket command'";
    log_change(s, upstream::kNotice, title(s) + ": IP and port changed from " + text + ".");
    return text;
}

common::Result<> set_health(const ServerHandle& s, std::string_view word) {
    if (word != "up" && word != "down")
        return common::fail("'set server <srv> health' expects 'up' or 'down'.");
    const state::Health wanted = word == "down"              ? state::Health::down
                                 : s.settings->check.enabled ? state::Health::up
                                                             : state::Health::no_check;
    if (!s.settings->track.empty()) return common::fail("cannot change health on a tracking server.");
    upstream::ServerChange change = change_of(s);
    const bool down = wanted == state::Health::down;
    if (s.server->health.exchange(wanted) == wanted) return {};
    const int requeued = change.finish();
    log_change(
        s, down ? upstream::kAlert : upstream::kNotice,
        title(s) + (down ? " is DOWN, changed from CLI. " + left_text(s, "left", requeued)
                         : " is UP, changed from CLI. " + upstream::servers_online(*s.proxy, requeued)));
    if (change.lost_last()) log_change(s, upstream::kEmergency, upstream::no_server_line(s.section->name));
    change.lead_followers();
    return {};
}

}  // namespace proxyd::admin
