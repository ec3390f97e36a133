// The inside of a Backend, shared by backend.cpp (the way to a server), backend_open.cpp (its connection) and
// lease.cpp (the way back, and idle connections).
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <vector>

#include "proxyd/net/deadline.h"
#include "proxyd/net/tls_context.h"
#include "proxyd/net/worker.h"
#include "proxyd/upstream/admission.h"
#include "proxyd/upstream/backend.h"
#include "proxyd/upstream/connector.h"
#include "proxyd/upstream/pool.h"
#include "proxyd/upstream/server_connection.h"

namespace proxyd::upstream {

// What all workers share of one server, besides its state.
struct Server {
    const ServerSettings* settings = nullptr;
    state::ServerState* state = nullptr;
    std::shared_ptr<const net::TlsContext> tls;
    ServerName server_name;
    std::unique_ptr<const Outgoing> outgoing;
    std::atomic<std::uint64_t> generation{
        1};                    // of its idle connections: raised when they must not be used any more
    std::atomic<int> idle{0};  // in all workers
    std::vector<Follower> followers;
    common::Endpoint address;  // as of the last servers_changed(), under its lock

    // Where a request's connection goes: some servers follow the client (`*:80`, an address without a port).
    common::Endpoint destination(const rules::Context* context) const;
    bool follows_client() const { return settings->client_destination || settings->keep_client_port; }
    bool sends_header() const { return settings->send_proxy || settings->send_proxy_v2; }
    // Connections may differ from request to request, so that none may serve another.
    bool shareable() const {
        return !sends_header() && !settings->keep_client_port && !settings->client_destination &&
               !server_name.varies() && !outgoing->differs_by_client();
    }
};

// No timeout, no deadline.
inline common::TimePoint after(const net::Worker& worker, common::Duration timeout) {
    return timeout > common::Duration::zero() ? worker.now() + timeout : common::kNever;
}

// Looks whether the client leaves meanwhile, where the section wants to know.
inline ClientWatch watch_of(const Request& request) {
    if (!request.abort_on_client_close || request.client_gone == nullptr) return {};
    return {*request.waiter, request.client_gone, request.client_gone_argument};
}

// Idle connections of one worker, made on its thread when the first one is kept.
struct WorkerPools {
    WorkerPools(net::Worker& worker, std::vector<std::unique_ptr<Server>>& servers);
    static void on_purge(void* self);
    void purge();

    net::Worker& worker;
    std::vector<std::unique_ptr<IdlePool>> pools;  // by server
    std::vector<common::TimePoint> due;            // when a server's pool is purged next
    std::vector<common::Duration> delays;
    net::Deadline deadline;
};

struct Backend::Impl {
    Impl(Backend& owner, const BackendSettings& backend_settings, state::ProxyState& proxy, int worker_count);

    // One connection attempt's circumstances, on the way of one request.
    // `done`: attempts that have failed.
    net::Task<Failure> pursue(Request request, Lease& lease, Grant grant, int done = 0);
    Grant ask(const Request& request);
    // option transparent, dispatch: behind the servers of the configuration, without a limit.
    bool is_direct(std::size_t index) const { return index >= settings.servers.size(); }
    net::Task<Failure> wait_for_slot(Request& request, Grant& grant);
    net::Task<ConnectOutcome> open(Request& request, Lease& lease);
    void show_foreign(const Server& server, const rules::Context& context, ConnectTarget& target) const;
    net::Task<Failure> pause(Request& request);

    bool redispatch(const Request& request, Lease& lease, Grant& grant);
    void assign(const Request& request, Lease& lease, std::size_t server);
    void add_server(const ServerSettings& server, state::ServerState& server_state);
    void name_server(const Request& request, std::size_t server) const;
    bool take_idle(const Request& request, Lease& lease);
    void finished(const Request& request, Lease& lease, bool reused);
    bool wants_redispatch(int retries_done, int retries_allowed) const;
    void put_idle(Lease& lease);
    void make_room(Lease& lease);  // for a new connection, where idle ones count
    WorkerPools& pools_of(net::Worker& worker);

    Backend& backend;
    const BackendSettings& settings;
    state::ProxyState& state;
    std::unique_ptr<state::ServerState> direct;       // of settings.direct
    std::vector<std::unique_ptr<Server>> servers;     // of the configuration, and perhaps settings.direct
    std::vector<std::unique_ptr<WorkerPools>> pools;  // by worker
    Admission admission;
    std::function<void()> wake_all;
    std::function<void(std::size_t, std::string)> suspect;
    std::mutex changes;  // one servers_changed() at a time
};

}  // namespace proxyd::upstream
