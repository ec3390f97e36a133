#include "proxyd/main/followers.h"

#include <algorithm>

namespace proxyd::main {
namespace {

struct Place {
    std::size_t proxy, server;
};

// config/ has seen to it that there is one, and no loop.
Place tracked_by(const config::Model& model, const upstream::ServerSettings& server) {
    const session::ProxySettings* const section = model.find(server.tracked_backend, false, true);
    const auto& servers = section->upstream.servers;
    const auto found = std::ranges::find(servers, server.tracked_server, &upstream::ServerSettings::name);
    return {static_cast<std::size_t>(section->index), static_cast<std::size_t>(found - servers.begin())};
}

void start_like(const config::Model& model, const state::SharedState& shared, Place follower) {
    Place root = follower;
    for (;;) {
        const upstream::ServerSettings& settings = model.proxies[root.proxy]->upstream.servers[root.server];
        if (settings.tracked_server.empty()) break;
        root = tracked_by(model, settings);
    }
    const state::ServerState& leader = *shared.proxies[root.proxy]->servers[root.server];
    state::ServerState& server = *shared.proxies[follower.proxy]->servers[follower.server];
    server.health = leader.health.load();
    if (leader.in_maintenance()) server.inherited = state::Admin::maintenance;
}

}  // namespace

void connect_followers(const config::Model& model, session::Runtime& runtime) {
    for (std::size_t i = 0; i < model.proxies.size(); ++i) {
        if (!runtime.backends[i]) continue;
        const auto& servers = model.proxies[i]->upstream.servers;
        for (std::size_t n = 0; n < servers.size(); ++n) {
            if (servers[n].tracked_server.empty()) continue;
            const Place place = tracked_by(model, servers[n]);
            upstream::HealthLog log = [&runtime, i](int severity, std::string_view text) {
                if (runtime.logs[i]) runtime.logs[i]->message(severity, text);
            };
            state::ServerState& server = *runtime.state->proxies[i]->servers[n];
            if (runtime.backends[place.proxy])
                runtime.backends[place.proxy]->add_follower(
                    place.server, {runtime.backends[i].get(), &server, std::move(log)});
            start_like(model, *runtime.state, {i, n});
        }
    }
    for (const auto& backend : runtime.backends)
        if (backend) backend->servers_changed();
}

}  // namespace proxyd::main
