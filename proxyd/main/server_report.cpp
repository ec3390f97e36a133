#include "proxyd/main/server_report.h"

#include <spdlog/fmt/fmt.h>

namespace proxyd::main {
namespace {

std::uint64_t sessions_of(const state::ShardedCounters& counters) {
    return counters.sum([](const state::Counters& c) -> const state::Count& { return c.sessions; });
}

std::uint64_t connections_of(const state::ShardedCounters& counters) {
    return counters.sum([](const state::Counters& c) -> const state::Count& { return c.connections; });
}

std::string server_line(const std::string& backend, const state::ServerState& server) {
    return fmt::format("SIGHUP: Server {}/{} is {}. Conn: {} act, {} pend, {} tot.", backend, server.name,
                       server.usable() ? "UP" : "DOWN", server.sessions.now(), server.queued.now(),
                       sessions_of(server.counters));
}

std::string proxy_line(const session::ProxySettings& settings, const state::ProxyState& proxy) {
    std::string what = fmt::format("SIGHUP: Proxy {} ", proxy.name);
    const int active = proxy.usable_servers(false), backup = proxy.usable_servers(true);
    if (!settings.is_backend || settings.upstream.servers.empty())
        what += "has no servers";
    else if (active > 0)
        what += "has active servers available";
    else if (backup > 0)
        what += "is running on backup servers";
    else
        what += "has no active servers";
    return fmt::format("{} ! Conn: act(FE+BE): {}+{}, {} pend (0 unass), tot(FE+BE): {}+{}.", what,
                       proxy.frontend.sessions.now(), proxy.backend.sessions.now(), proxy.queued.now(),
                       connections_of(proxy.frontend.counters), sessions_of(proxy.backend.counters));
}

}  // namespace

std::vector<std::string> server_report(const config::Model& model, const state::SharedState& state) {
    std::vector<std::string> lines;
    for (std::size_t i = 0; i < state.proxies.size(); ++i) {
        if (!model.proxies[i]->is_frontend && !model.proxies[i]->is_backend) continue;  // a table of peers
        const state::ProxyState& proxy = *state.proxies[i];
        lines.push_back(fmt::format("SIGHUP received, dumping servers states for proxy {}.", proxy.name));
        for (const auto& server : proxy.servers) lines.push_back(server_line(proxy.name, *server));
        lines.push_back(proxy_line(*model.proxies[i], proxy));
    }
    return lines;
}

std::vector<std::string> closing_report(const config::Model& model, const state::SharedState& state) {
    std::vector<std::string> lines;
    for (std::size_t i = 0; i < state.proxies.size(); ++i) {
        if (model.proxies[i]->binds.empty()) continue;
        const state::ProxyState& proxy = *state.proxies[i];
        lines.push_back(fmt::format("Proxy {} stopped (cumulated conns: FE: {}, BE: {}).", proxy.name,
                                    connections_of(proxy.frontend.counters),
                                    sessions_of(proxy.backend.counters)));
    }
    return lines;
}

}  // namespace proxyd::main
