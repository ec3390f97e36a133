// A frontend, backend or listen section, and the process, as all workers see them at run time.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "proxyd/cache/cache.h"
#include "proxyd/state/counters.h"
#include "proxyd/state/server_state.h"
#include "proxyd/state/stick_table.h"

namespace proxyd::state {

// One `bind` line.
struct ListenerState {
    std::string name;
    std::string address;
    int id = 0;  // of the statistics; unique in its frontend
    std::atomic<bool> listening{false};
    Gauge sessions;
};

// The frontend or backend half of a section (a listen section has both).
struct HalfState {
    explicit HalfState(int workers) : counters(workers) {}
    ShardedCounters counters;
    // All workers write these with each request, and only read what stands before: no common cache line.
    alignas(64) Gauge sessions;
    Rate session_rate, request_rate;
    std::atomic<std::int64_t> last_session_ms{0};
};

// What operators have made of `cookie ... dynamic` and dynamic-cookie-key.
struct DynamicCookie {
    bool on = false;
    std::string key;
};

struct ProxyState {
    ProxyState(std::string proxy_name, int proxy_id, int workers)
        : name(std::move(proxy_name)), id(proxy_id), frontend(workers), backend(workers) {}

    const std::string name;
    const int id;  // iid of the statistics
    std::atomic<bool> stopping{false};
    HalfState frontend;
    HalfState backend;
    Gauge queued;                             // waiting in the backend's own queue
    std::atomic<std::int64_t> changed_ms{0};  // of the backend's UP/DOWN
    std::atomic<std::int64_t> downtime_ms{0};
    std::unique_ptr<StickTable> table;                      // null without `stick-table`
    std::vector<std::unique_ptr<ListenerState>> listeners;  // order of the bind lines
    std::vector<std::unique_ptr<ServerState>> servers;      // order of the server lines

    // Without an operator's word the configuration counts.
    std::atomic<bool> has_dynamic_cookie{false};
    DynamicCookie dynamic_cookie() const;
    void set_dynamic_cookie(DynamicCookie cookie);

    int usable_servers(bool backup) const;

 private:
    mutable std::mutex mutex_;
    DynamicCookie dynamic_cookie_;
};

// Process-wide figures (`show info`).
struct ProcessState {
    explicit ProcessState(int workers) : counters(workers) {}
    ShardedCounters counters;
    alignas(64) Gauge connections;  // CurrConns against Maxconn
    Gauge tls_connections;
    Rate connection_rate, session_rate, tls_rate;
    Rate compressed_in, compressed_out;  // kilobytes
    std::atomic<std::uint64_t> total_tls{0};
    std::atomic<std::uint64_t> dropped_log_lines{0};
    std::atomic<bool> stopping{false};
    std::int64_t started_ms = 0;  // CLOCK_REALTIME
};

// All of it; proxies in the order of the model.
struct SharedState {
    explicit SharedState(int worker_count) : workers(worker_count), process(worker_count) {}
    const int workers;
    ProcessState process;
    std::vector<std::unique_ptr<ProxyState>> proxies;
    std::vector<std::unique_ptr<cache::Cache>> caches;  // in the order of the sections
};

}  // namespace proxyd::state
