// A backend at work: chooses a server, waits in its queue, hands out a connection. One Backend per backend
// section, shared by all workers; per-worker parts (idle connections) are inside. Owner: the upstream room.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "common/clock.h"
#include "proxyd/balance/algorithm.h"
#include "proxyd/net/stream.h"
#include "proxyd/net/worker.h"
#include "proxyd/rules/context.h"
#include "proxyd/state/proxy_state.h"
#include "proxyd/upstream/settings.h"

namespace proxyd::fcgi {
class Connection;
}

namespace proxyd::upstream {

class Backend;
class Outgoing;

// What went wrong on the way to a server: decides termination flags and whether to answer 502, 503 or 504.
enum class Failure : unsigned char {
    none,
    no_server,          // none usable: 503 SC
    queue_timeout,      // 503 sQ
    queue_full,         // maxqueue: 503 SQ
    client_left_queue,  // while queued: CQ
    client_gone,        // while connecting: CC
    connect_refused,    // after all retries: 503 SC
    connect_timeout,    // 503 sC
    resource,           // no descriptor, no port: 503 RC / PC
    stopping,
    redirected  // none: the client is sent to the server's own address (redir); the lease has its slot
};

// An idle connection to a server that only its own client may use again (http-reuse never, PROXY header).
// Owned by the client's connection; closes with it.
class Kept {
 public:
    Kept() = default;
    void close() { stream_.close(); }
    // The server of `backend` that it leads to; kNone: none.
    std::size_t server_of(const Backend& backend) const {
        return stream_.open() && backend_ == &backend ? server_ : balance::kNone;
    }

 private:
    friend class Lease;
    friend class Backend;
    const Backend* backend_ = nullptr;
    std::size_t server_ = 0;
    std::uint64_t generation_ = 0;
    int uses_ = 0;
    net::Stream stream_;
};

// What a session saw of a server's health (observe).
enum class Seen : unsigned char {
    connected,
    not_connected,
    good_response,
    bad_status,
    bad_response,
    response_timeout,
    server_left
};

// A connection to a server that carries one exchange now, and the slot it takes at the server. Destroying it
// without release() closes the connection; the slot is freed either way and wakes the next waiter (possibly
// on another worker). Worker's thread only; must not outlive its backend.
class Lease {
 public:
    Lease();
    Lease(Lease&&) noexcept;
    Lease& operator=(Lease&&) noexcept;
    ~Lease();

    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;

    explicit operator bool() const { return server_ != nullptr; }  // holds a slot
    net::Stream& stream() { return stream_; }
    fcgi::Connection& fastcgi();  // what the stream speaks, if its server has settings()->fastcgi
    state::ServerState* server() const { return server_; }
    const ServerSettings* settings() const { return settings_; }
    std::size_t index() const { return index_; }  // of the server, while there is one
    bool reused() const {
        return reused_;
    }  // an idle connection: a failure before the first byte is worth a retry

    // The exchange is over and the connection clean: keep it for others (as http-reuse allows). Frees the
    // slot.
    void release();
    // Close the connection, keep server and slot (for a retry on the same server).
    void drop_connection();
    // A tunnel or a TCP session: the slot stays taken, the connection is never pooled.
    void make_private() { private_ = true; }
    // All sessions of the server are to end (Backend::evict()). Who holds a lease looks when kMail wakes it.
    bool evicted() const {
        return server_ != nullptr && server_->evictions.load(std::memory_order_relaxed) != evictions_;
    }
    // What this exchange tells about the server's health.
    void saw(Seen what) {
        if (settings_ != nullptr && settings_->observe != Observe::nothing) judge(what);
    }
    // Closes the connection and frees the slot.
    void reset();

 private:
    friend class Backend;
    void judge(Seen what);
    Backend* backend_ = nullptr;
    state::ServerState* server_ = nullptr;
    const ServerSettings* settings_ = nullptr;
    net::Worker* worker_ = nullptr;
    net::Stream stream_;
    std::size_t index_ = 0;         // of the server
    std::uint64_t generation_ = 0;  // of the server's address when the connection was made
    Kept* kept_ = nullptr;          // of the request
    std::uint32_t evictions_ = 0;   // of the server when the slot was taken
    bool reused_ = false;
    bool private_ = false;
    int uses_ = 0;  // of the connection before this one (max-reuse)
};

// What a session asks for.
struct Request {
    rules::Context* context =
        nullptr;                    // for hashing algorithms, queue positions, timings, retries: filled in
    net::Waiter* waiter = nullptr;  // kMail wakes it; kClientIn tells of a client that left
    bool first_request = true;      // of its client connection (http-reuse safe)
    std::size_t wanted = balance::kNone;  // the server that the client is bound to
    bool fresh = false;                   // no idle connection: the earlier one died under us
    bool abort_on_client_close =
        false;                  // option abortonclose: ask client_gone when kClientIn fires while waiting
    bool may_redirect = false;  // GET or HEAD
    bool (*client_gone)(void*) = nullptr;  // true when the client left; the read wait must be armed
    void* client_gone_argument = nullptr;
    Kept* kept = nullptr;  // the client's own idle connection, used before any other; may be null
};

// A message about servers, severity as in RFC 5424; called on the thread of the prober or the resolver.
using HealthLog = std::function<void(int severity, std::string_view text)>;

// A server that tracks another one.
struct Follower {
    Backend* backend;
    state::ServerState* server;
    HealthLog log;
};

// Checks what a backend is made of: balance line, health check, source addresses and TLS of servers. Used by
// config/.
common::Result<> validate(const BackendSettings& settings);

class Backend {
 public:
    // Both must outlive it. Creates the states of the servers unless they are there. Destroy it before the
    // workers, after their threads have ended.
    Backend(const BackendSettings& settings, state::ProxyState& state, int workers);
    ~Backend();
    Backend(const Backend&) = delete;
    Backend& operator=(const Backend&) = delete;

    // Server choice, queue, idle connection or connect with retries and redispatch, all within the timeouts.
    // On success the lease's stream is attached to the request's waiter (kServerIn, kServerOut). Counts, for
    // server and backend: chosen, connects, reuses, connect_errors, retries, redispatches; for the server
    // also its sessions and their rate. Fills of the context: server, server_name, queue positions, retries,
    // redispatched, queue_done, connected.
    net::Task<Failure> acquire(Request request, Lease& lease);
    // Again after a send on a reused connection failed: a fresh connection to the same server first. The
    // lease must still hold its slot (drop_connection()), else this is acquire().
    net::Task<Failure> reacquire(Request request, Lease& lease);

    // Again after the answer was none, or one that retry-on names: another attempt, counted and, as option
    // redispatch says, elsewhere. request.context must be there.
    net::Task<Failure> retry(Request request, Lease& lease);
    // Attempts after the first one that a request has (retries, set-retries).
    int retries_of(const rules::Context& context) const;

    const BackendSettings& settings() const;
    // How sockets to a server are made.
    const Outgoing& outgoing(std::size_t server) const;
    state::ProxyState& state();
    // Called by the prober and by runtime commands after a change of health, weight, maxconn or address. Any
    // thread. Returns how many requests were sent from the queues of servers to others.
    int servers_changed();
    // Ends all sessions of a server. Any thread.
    void evict(state::ServerState& server);
    // Called by evict(): wakes all waiters of all workers with kMail. Before threads run.
    void on_eviction(std::function<void()> wake_all);
    // Servers that track one of ours. Before threads run.
    void add_follower(std::size_t server, Follower follower);
    std::span<const Follower> followers(std::size_t server) const;
    // Called by sessions' threads when they saw too many errors in a row; `text` says which. Before threads
    // run.
    void on_suspicion(std::function<void(std::size_t server, std::string text)> suspect);
    // Closes idle connections of the calling worker (all of them, or those past their purge delay).
    void purge_idle(net::Worker& worker, bool all);

 private:
    friend class Lease;
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace proxyd::upstream
