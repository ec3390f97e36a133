// A server as all workers see it: what changes at run time, published atomically. Its configuration
// is upstream::ServerSettings; configuration order gives both the same index.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <string>

#include "common/endpoint.h"
#include "proxyd/state/counters.h"

namespace proxyd::state {

enum class Health : std::uint8_t { up, down, no_check };
enum class Admin : std::uint8_t { ready, drain, maintenance };

// Outcome of the last health check, for logs and the statistics page (check_status, check_code, ...).
struct CheckReport {
    std::string status =
        "INI";  // HAProxy's codes: INI, L4OK, L4CON, L4TOUT, L6OK, L7OK, L7STS, L7TOUT, L7RSP, SOCKERR
    std::string description;  // "Layer7 check passed"
    std::string info;         // "HTTP status check returned code <200>", "Connection refused"
    int code = 0;             // layer 7 status
    std::int64_t duration_ms = -1;
    std::uint64_t failures = 0;     // chkfail
    std::uint64_t transitions = 0;  // chkdown: UP -> DOWN
    int progress = 0;               // of rise or fall: the 2 in "UP 2/3"
    bool running = false;
};

class ServerState {
 public:
    ServerState(std::string server_name, int server_id, int workers)
        : name(std::move(server_name)), id(server_id), counters(workers) {}

    const std::string name;
    const int id;           // of the statistics (sid)
    std::size_t index = 0;  // of the server line in its backend
    bool backup = false;

    std::atomic<Health> health{Health::no_check};
    std::atomic<Admin> admin{Admin::ready};
    std::atomic<bool> unresolved{false};  // its `resolvers` have no address for it: as maintenance
    std::atomic<bool> agent_down{false};  // its agent says so, whatever the checks say
    std::atomic<bool> stopping{false};    // answers checks with 404 (http-check disable-on-404): as drain
    std::atomic<Admin> inherited{Admin::ready};  // of the server it tracks
    // Since when it is in its slow start (CLOCK_REALTIME ms); 0: it has its whole weight.
    std::atomic<std::int64_t> warming_since_ms{0};
    std::atomic<int> consecutive_errors{0};          // seen by sessions (observe)
    std::atomic<std::uint64_t> analyze_failures{0};  // times that they were too many (hanafail)
    std::atomic<std::uint32_t> evictions{0};  // times that all its sessions were to end; see Lease::evicted()
    std::atomic<int> weight{1};               // effective, 0..256; 0: no new sessions but persistent ones
    std::atomic<int> configured_weight{1};
    std::atomic<int> maxconn{0};  // 0: no limit
    int maxqueue = 0;             // the same of its own queue

    // May get new sessions, whatever its load.
    bool usable() const {
        return !down() && admin.load(std::memory_order_relaxed) == Admin::ready &&
               inherited.load(std::memory_order_relaxed) == Admin::ready &&
               !stopping.load(std::memory_order_relaxed) && weight.load(std::memory_order_relaxed) > 0;
    }

    // May get requests of clients that are bound to it: a drained one does, too.
    bool accepts_known_clients() const { return !down(); }

    bool in_maintenance() const {
        return admin.load(std::memory_order_relaxed) == Admin::maintenance ||
               inherited.load(std::memory_order_relaxed) == Admin::maintenance ||
               unresolved.load(std::memory_order_relaxed);
    }
    bool down() const {
        return health.load(std::memory_order_relaxed) == Health::down ||
               agent_down.load(std::memory_order_relaxed) || in_maintenance();
    }

    common::Endpoint address() const;  // a copy; empty while its name is unresolved
    void set_address(const common::Endpoint& address);
    CheckReport check() const;
    void set_check(CheckReport report);
    CheckReport agent_check() const;  // of the agent; duration -1: none yet
    void set_agent_check(CheckReport report);

    ShardedCounters counters;
    // Written by all workers with each request; what stands before is mostly read: no common cache line.
    alignas(64) Gauge sessions;  // streams being served (scur)
    Gauge queued;                // waiting for a slot here (qcur)
    Rate session_rate;
    std::atomic<std::int64_t> changed_ms{0};   // CLOCK_REALTIME ms of the last UP/DOWN change
    std::atomic<std::int64_t> downtime_ms{0};  // of past downtimes
    std::atomic<std::int64_t> last_session_ms{0};

 private:
    mutable std::mutex mutex_;  // guards the cold fields below
    common::Endpoint address_;
    CheckReport check_, agent_check_;
};

}  // namespace proxyd::state
