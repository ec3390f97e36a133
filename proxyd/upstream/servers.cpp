#include "proxyd/upstream/servers.h"

#include <chrono>
#include <set>

namespace proxyd::upstream {

namespace {

bool starts_down(const CheckSettings& check) {
    return check.enabled &&
           (check.init_state == InitState::down || check.init_state == InitState::fully_down);
}

}  // namespace

void create_servers(const BackendSettings& settings, state::ProxyState& state, int workers) {
    const std::int64_t now_ms = std::chrono::duration_cast<std::chrono::milliseconds>(
                                    std::chrono::system_clock::now().time_since_epoch())
                                    .count();
    std::set<int> taken;
    for (const ServerSettings& server : settings.servers) taken.insert(server.id);
    int next = 1;
    for (const ServerSettings& server : settings.servers) {
        while (server.id == 0 && taken.contains(next)) ++next;
        const int id = server.id != 0 ? server.id : next;
        ++next;  // a number of its own leaves a gap, as in HAProxy
        auto made = std::make_unique<state::ServerState>(server.name, id, workers);
        made->index = state.servers.size();
        made->backup = server.backup;
        made->weight = server.weight;
        made->configured_weight = server.weight;
        made->maxconn = server.maxconn;
        made->maxqueue = server.maxqueue;
        if (server.disabled) made->admin = state::Admin::maintenance;
        made->set_address(server.address);
        const bool unresolved = server.address.empty() && !server.host.empty();
        made->unresolved = unresolved && server.resolvers != nullptr;
        made->health = unresolved && !made->unresolved ? state::Health::down
                       : starts_down(server.check)     ? state::Health::down
                       : server.check.enabled          ? state::Health::up
                                                       : state::Health::no_check;
        if (made->health == state::Health::down && unresolved)
            made->set_check(
                {.status = "L4CON", .description = "Layer4 connection problem", .info = "resolution failed"});
        made->changed_ms = now_ms;
        state.servers.push_back(std::move(made));
    }
    state.changed_ms = now_ms;
}

}  // namespace proxyd::upstream
