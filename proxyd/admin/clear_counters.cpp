#include "proxyd/admin/clear_counters.h"

#include "proxyd/net/worker.h"
#include "proxyd/session/entrance.h"

namespace proxyd::admin {

namespace {

void clear(state::Counters& counters) {
    using C = state::Counters;
    for (const auto member :
         {&C::connections,    &C::sessions,        &C::requests,         &C::bytes_in,
          &C::bytes_out,      &C::denied_requests, &C::denied_responses, &C::request_errors,
          &C::connect_errors, &C::response_errors, &C::retries,          &C::redispatches,
          &C::client_aborts,  &C::server_aborts,   &C::chosen,           &C::connects,
          &C::reuses,         &C::timed,           &C::queue_us,         &C::connect_us,
          &C::response_us,    &C::total_us}) {
        (counters.*member).reset();
    }
    for (state::Count& count : counters.responses) count.reset();
}

void clear_shards(state::SharedState& state, int worker) {
    for (const auto& proxy : state.proxies) {
        clear(proxy->frontend.counters.shard(worker));
        clear(proxy->backend.counters.shard(worker));
        for (const auto& server : proxy->servers) clear(server->counters.shard(worker));
    }
    clear(state.process.counters.shard(worker));
}

void clear_half(state::HalfState& half) {
    half.sessions.reset_max();
    half.session_rate.reset_max();
    half.request_rate.reset_max();
}

}  // namespace

void clear_counters(const View& view, CounterScope scope) {
    state::SharedState& state = *view.runtime->state;
    for (const auto& proxy : state.proxies) {
        clear_half(proxy->frontend);
        clear_half(proxy->backend);
        proxy->queued.reset_max();
        for (const auto& listener : proxy->listeners) listener->sessions.reset_max();
        for (const auto& server : proxy->servers) {
            server->sessions.reset_max();
            server->queued.reset_max();
            server->session_rate.reset_max();
        }
    }
    state.process.connection_rate.reset_max();
    state.process.session_rate.reset_max();
    state.process.tls_rate.reset_max();
    if (scope != CounterScope::all) return;
    for (session::Entrance* entrance : view.runtime->entrances) {
        net::Worker& worker = entrance->worker();
        worker.post([&state, index = worker.index()] { clear_shards(state, index); });
    }
}

}  // namespace proxyd::admin
