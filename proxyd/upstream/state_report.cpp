#include "proxyd/upstream/state_report.h"

namespace proxyd::upstream {

std::string state_report(const state::ProxyState& backend, const state::ServerState& server,
                         const Health& health, std::string_view node) {
    std::string text = server.stopping ? "NOLB" : health.up() ? "UP" : "DOWN";
    if (!health.steady())
        text += " " + std::to_string(health.progress()) + "/" + std::to_string(health.goal());
    const common::Endpoint address = server.address();
    if (address.is_ip()) {
        text += "; address=" + address.ip() + "; port=" + std::to_string(address.port());
    } else {
        text += "; address=unix; port=unix";
    }
    int total = 0;
    for (const auto& each : backend.servers)
        if (each->usable() && each->backup == server.backup) total += each->weight;
    text += "; name=" + backend.name + "/" + server.name + "; node=" + std::string(node) +
            "; weight=" + std::to_string(server.weight) + "/" + std::to_string(total);
    text += "; scur=" + std::to_string(server.sessions.now()) + "/" +
            std::to_string(backend.backend.sessions.now());
    return text + "; qcur=" + std::to_string(server.queued.now());
}

}  // namespace proxyd::upstream
