#include "proxyd/upstream/resolved_servers.h"

#include <algorithm>

#include "proxyd/upstream/address_choice.h"
#include "proxyd/upstream/health_log.h"
#include "proxyd/upstream/server_change.h"

namespace proxyd::upstream {

namespace {

std::uint16_t port_of(const ResolvedServer& server) {
    return server.port != 0 ? server.port : static_cast<std::uint16_t>(server.settings.port);
}

void log(const ResolvedServer& server, int severity, const std::string& text) {
    if (server.log) server.log(severity, text);
}

std::string short_title(const ResolvedServer& server) {
    return server.backend.state().name + "/" + server.state.name;
}

// 0..65535 of the record to 1..256 of a server, as HAProxy has it.
int weight_of(const DnsService& service) {
    return service.weight / 256 + 1;
}

}  // namespace

ResolvedServer& ResolvedServers::add(Backend& backend, HealthLog log, const ServerSettings& settings,
                                     state::ServerState& state) {
    return *servers_.emplace_back(
        std::make_unique<ResolvedServer>(backend, std::move(log), settings, state, std::string(), 0, false));
}

bool ResolvedServers::taken_by_other(const ResolvedServer& server, const common::Endpoint& address) const {
    return std::ranges::any_of(servers_, [&](const auto& other) {
        return other.get() != &server && &other->backend == &server.backend &&
               other->settings.host == server.settings.host && port_of(*other) == port_of(server) &&
               !other->state.unresolved && same_ip(other->state.address(), address);
    });
}

void ResolvedServers::set_address(ResolvedServer& server, common::Endpoint address, std::string_view by) {
    const common::Endpoint before = server.state.address();
    address.set_port(port_of(server));
    const bool returns = server.state.unresolved;
    if (before == address && !returns) return;
    if (!same_ip(before, address))
        log(server, kNotice,
            short_title(server) + " changed its IP from " + (before.empty() ? "(none)" : before.ip()) +
                " to " + address.ip() + " by " + std::string(by) + ".");
    ServerChange change(&server.backend, server.backend.state(), server.state);
    server.state.set_address(address);
    server.state.unresolved.store(false, std::memory_order_relaxed);
    change.finish();
    change.lead_followers();
    if (!returns) return;
    const bool down = server.state.health == state::Health::down;
    log(server, kNotice,
        server_title(server.backend.state(), server.state) + " ('" +
            (server.target.empty() ? server.settings.host : server.target) + "') is " +
            (down ? "DOWN/READY" : "UP/READY") + " (resolves again).");
    log(server, kNotice,
        "Server " + short_title(server) + " administratively READY thanks to valid DNS answer.");
}

void ResolvedServers::take_addresses(ResolvedServer& server, std::span<const common::Endpoint> found,
                                     std::string_view by) {
    const auto chosen =
        choose_address(found, server.settings.resolve, server.state.address(),
                       [&](const common::Endpoint& address) { return taken_by_other(server, address); });
    if (chosen)
        set_address(server, *chosen, by);
    else
        give_up(server, "No IP for server ");
}

void ResolvedServers::give_up(ResolvedServer& server, std::string_view cause) {
    if (server.state.unresolved) return;
    state::ProxyState& proxy = server.backend.state();
    ServerChange change(&server.backend, proxy, server.state);
    server.state.unresolved.store(true, std::memory_order_relaxed);
    server.state.set_address({});
    const int requeued = change.finish();
    log(server, kAlert,
        server_title(proxy, server.state) + " is going DOWN for maintenance (" + std::string(cause) + "). " +
            servers_left(proxy, server.state, "left", requeued));
    if (change.lost_last()) log(server, kEmergency, no_server_line(proxy.name));
    change.lead_followers();
}

void ResolvedServers::set_service(ResolvedServer& server, const DnsService& service) {
    server.target = service.target;
    server.port = service.port;
    server.own_question = !service.address;
    if (!server.settings.resolve.ignore_weight && server.state.configured_weight != weight_of(service)) {
        ServerChange change(&server.backend, server.backend.state(), server.state);
        server.state.configured_weight = weight_of(service);
        server.state.weight = weight_of(service);
        change.finish();
    }
    if (service.address) set_address(server, *service.address, "DNS additional record");
}

void ResolvedServers::take_services(std::span<ResolvedServer* const> servers,
                                    std::span<const DnsService> found) {
    std::vector<bool> given(found.size(), false);
    for (ResolvedServer* server : servers) {
        if (server->target.empty()) continue;
        std::size_t i = 0;
        while (i < found.size() &&
               (given[i] || found[i].target != server->target || found[i].port != server->port))
            ++i;
        if (i == found.size()) {
            server->target.clear();
            give_up(*server, "entry removed from SRV record");
            continue;
        }
        given[i] = true;
        set_service(*server, found[i]);
    }
    for (std::size_t i = 0; i < found.size(); ++i) {
        if (given[i]) continue;
        const auto free =
            std::ranges::find_if(servers, [](const auto* server) { return server->target.empty(); });
        if (free == servers.end()) return;
        set_service(**free, found[i]);
    }
}

}  // namespace proxyd::upstream
