// What operators' tools look at: the process as a whole. Lent by main/; all parts outlive their users.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "proxyd/config/model.h"
#include "proxyd/observe/log_hub.h"
#include "proxyd/peers/peers.h"
#include "proxyd/session/runtime.h"
#include "proxyd/upstream/dns_resolver.h"

namespace proxyd::admin {

struct View {
    const config::Model* model = nullptr;
    session::Runtime* runtime = nullptr;  // state, backends, entrances
    std::string release = FRONTDOOR_VERSION;
    // The keeper's last word, a line of the control protocol (HealthBoard::role()); may be empty. Any thread.
    std::function<std::string()> keeper_role;
    // The peers sections; may be empty. Any thread.
    std::function<std::vector<peers::SectionView>()> peers;
    // The resolvers sections and what their name servers did; may be empty. Any thread.
    std::function<std::vector<upstream::ResolversView>()> resolvers;
    const observe::LogHub* logs = nullptr;  // its rings
    // `_getsocks` on a socket with `expose-fd listeners`: sends the listening sockets to the peer of this
    // connection. Runs on the command server's thread and may block for a bounded time. May be empty: the
    // command is refused.
    std::function<void(int connection)> hand_over_sockets;
};

// `stats uri`: page and CSV. The session has checked `stats auth` already. Any worker's thread.
session::StatsService make_stats_service(const View& view);
// `http-request use-service prometheus-exporter`. Any worker's thread.
session::MetricsService make_metrics_service(const View& view);

}  // namespace proxyd::admin
