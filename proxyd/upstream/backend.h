// A backend at work: chooses a server, waits in its queue, hands out a connection. One Backend per backend section,
// shared by all workers; per-worker parts (idle connections) are inside. Owner: the upstream room.
#pragma once

#include <memory>
#include <string_view>

#include "common/clock.h"
#include "proxyd/net/stream.h"
#include "proxyd/net/worker.h"
#include "proxyd/rules/context.h"
#include "proxyd/state/proxy_state.h"
#include "proxyd/upstream/settings.h"

namespace proxyd::upstream {

class Backend;

// What went wrong on the way to a server: decides termination flags and whether to answer 502, 503 or 504.
enum class Failure : unsigned char {
    none,
    no_server,        // none usable: 503 SC
    queue_timeout,    // 503 sQ
    queue_full,       // 503
    client_gone,      // while queued CQ, while connecting CC
    connect_refused,  // after all retries: 503 SC
    connect_timeout,  // 503 sC
    resource,         // no descriptor, no port: 503 RC / PC
    stopping
};

// A connection to a server that carries one exchange now, and the slot it takes at the server. Destroying it without
// release() closes the connection; the slot is freed either way and wakes the next waiter (possibly on another worker).
class Lease {
   public:
    Lease();
    Lease(Lease&&) noexcept;
    Lease& operator=(Lease&&) noexcept;
    ~Lease();

    explicit operator bool() const { return server_ != nullptr; }
    net::Stream& stream() { return stream_; }
    state::ServerState* server() const { return server_; }
    const ServerSettings* settings() const { return settings_; }
    bool reused() const { return reused_; }  // an idle connection: a failure before the first byte is worth a retry

    // The exchange is over and the connection clean: keep it for others (as http-reuse allows).
    void release();
    // Close the connection, keep server and slot (for a retry on the same server).
    void drop_connection();
    // A tunnel or a TCP session: the slot stays taken, the connection is never pooled.
    void make_private() { private_ = true; }

   private:
    friend class Backend;
    Backend* backend_ = nullptr;
    state::ServerState* server_ = nullptr;
    const ServerSettings* settings_ = nullptr;
    net::Worker* worker_ = nullptr;
    net::Stream stream_;
    bool reused_ = false;
    bool private_ = false;
    bool proven_ = false;  // has carried a whole exchange (http-reuse aggressive)
};

// What a session asks for.
struct Request {
    rules::Context* context = nullptr;   // for hashing algorithms, queue positions, timings, retries: filled in
    net::Waiter* waiter = nullptr;       // kMail wakes it; kClientIn tells of a client that left
    bool first_request = true;           // of its client connection (http-reuse safe)
    bool fresh = false;                  // no idle connection: the earlier one died under us
    bool abort_on_client_close = false;  // option abortonclose
    // true when the client left (looked at when kClientIn fires while waiting)
    bool (*client_gone)(void*) = nullptr;
    void* client_gone_argument = nullptr;
};

class Backend {
   public:
    Backend(const BackendSettings& settings, state::ProxyState& state, int workers);
    ~Backend();

    // Server choice, queue, idle connection or connect with retries and redispatch, all within the timeouts.
    // On success the lease's stream is attached to the request's waiter (kServerIn, kServerOut).
    net::Task<Failure> acquire(Request request, Lease& lease);
    // Again after a send on a reused connection failed: same server first.
    net::Task<Failure> reacquire(Request request, Lease& lease);

    const BackendSettings& settings() const;
    state::ProxyState& state();
    // Called by the prober and by runtime commands after a change of health, weight, maxconn or address.
    void servers_changed();
    // Closes idle connections of the calling worker (all of them, or those past their purge delay).
    void purge_idle(net::Worker& worker, bool all);

   private:
    friend class Lease;
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace proxyd::upstream
