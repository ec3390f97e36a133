// A backend over real workers, and the sessions that use it.
#pragma once

#include <memory>

#include "loop.h"
#include "proxyd/upstream/backend.h"

namespace proxyd::test {

using namespace upstream;

struct Farm {
    explicit Farm(const std::vector<common::Endpoint>& addresses) {
        settings.name = "b";
        settings.timeout_connect = std::chrono::milliseconds(500);
        for (std::size_t i = 0; i < addresses.size(); ++i) {
            ServerSettings server;
            server.name = "s" + std::to_string(i);
            server.address = addresses[i];
            settings.servers.push_back(server);
        }
    }
    Backend& backend() {
        if (!backend_) backend_ = std::make_unique<Backend>(settings, state, workers);
        return *backend_;
    }
    std::uint64_t count(state::Count state::Counters::* which) {
        return state.backend.counters.sum(
            [which](const state::Counters& c) -> const state::Count& { return c.*which; });
    }
    state::ServerState& server(std::size_t i) {
        backend();
        return *state.servers[i];
    }
    void destroy() { backend_.reset(); }

    static constexpr int kWorkers = 4;
    int workers = kWorkers;
    BackendSettings settings;
    state::ProxyState state{"b", 1, kWorkers};

 private:
    std::unique_ptr<Backend> backend_;
};

// What one session holds.
struct Client {
    explicit Client(net::Worker& worker) : waiter(worker) {}
    Request request(bool first = false) {
        Request made;
        made.context = &context;
        made.waiter = &waiter;
        made.first_request = first;
        return made;
    }
    net::Waiter waiter;
    rules::Context context;
    Lease lease;
};

// Acquires once and keeps or releases the connection; the failure in `out`.
inline net::Task<> once(net::Worker& worker, Backend& backend, Failure& out,
                        rules::Context* context = nullptr, bool first = false) {
    Client client(worker);
    out = co_await backend.acquire(client.request(first), client.lease);
    if (out == Failure::none) client.lease.release();
    if (context != nullptr) *context = client.context;
}

inline Failure acquire_once(Loop& loop, Farm& farm, rules::Context* context = nullptr, bool first = false) {
    Failure failure = Failure::stopping;
    loop.run([&] { return once(loop.worker, farm.backend(), failure, context, first); });
    return failure;
}

}  // namespace proxyd::test
