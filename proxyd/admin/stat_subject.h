// One line of the statistics: a frontend, a backend, a server or a listener at one moment.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "common/clock.h"
#include "proxyd/admin/view.h"

namespace proxyd::admin {

// Values are the `type` column.
enum class StatKind : unsigned char { frontend = 0, backend = 1, server = 2, listener = 3 };

struct StatSubject {
    StatKind kind = StatKind::frontend;
    const View* view = nullptr;
    const session::ProxySettings* settings = nullptr;
    state::ProxyState* proxy = nullptr;
    const upstream::ServerSettings* server_settings = nullptr;  // server
    state::ServerState* server = nullptr;                       // server
    state::ListenerState* listener = nullptr;                   // listener
    const net::BindSettings* bind = nullptr;                    // listener
    int id = 0;                                                 // sid: server or listener, 0 otherwise
    state::CheckReport check;                                   // server: a copy
    std::int64_t wall_ms = 0;                                   // CLOCK_REALTIME
    common::TimePoint now;

    // What the kinds have in common.
    const state::HalfState* half() const;            // of frontend or backend, else nullptr
    const state::ShardedCounters* counters() const;  // null for a listener
    const state::Gauge* sessions() const;
    const state::Rate* session_rate() const;  // null for a listener
    bool checked() const { return server_settings != nullptr && server_settings->check.enabled; }
    std::int64_t changed_ms() const;  // of the last UP/DOWN change, or of the start
    bool down() const;                // backend without usable server, server DOWN or in maintenance
};

// Which subjects; 0 or negative means all, as in `show stat <iid> <type> <sid>`.
struct StatFilter {
    int proxy_id = -1;
    std::string proxy_name;  // instead of the id
    int types = -1;  // 1 frontends, 2 backends, 4 servers; 8 listeners: of all only with option socket-stats
    int id = -1;
    std::vector<std::string> sections;  // stats scope; empty: all
};

// Calls `visit` in the order of the configuration: frontend, listeners, servers, backend of each section.
void for_each_subject(const View& view, const StatFilter& filter,
                      const std::function<void(const StatSubject&)>& visit);

// "OPEN", "UP", "UP 1/3", "DOWN", "DOWN 1/2", "MAINT", "DRAIN", "no check", ...
std::string status_text(const StatSubject& subject);

// 0 .. rise+fall-1, as in `check_health`.
int check_health(const StatSubject& subject);

// Session limit; 0: none.
std::int64_t session_limit(const StatSubject& subject);

// Sum of the weights that are in use (backend), effective weight (server).
int weight_of(const StatSubject& subject);

std::int64_t downtime_s(const StatSubject& subject);

}  // namespace proxyd::admin
