// Fetches of backends, frontends and servers as they stand (configuration manual 7.3.2).
#include <algorithm>
#include <array>

#include "proxyd/net/worker.h"
#include "proxyd/rules/registry.h"

namespace proxyd::rules {
namespace {

common::TimePoint now() {
    const net::Worker* worker = net::Worker::current();
    return worker != nullptr ? worker->now() : common::Clock::now();
}

// As HAProxy counts: the usable main servers, or the backup ones when none of those is left.
std::int64_t usable_servers(const state::ProxyState& proxy) {
    const int main_servers = proxy.usable_servers(false);
    return main_servers > 0 ? main_servers : proxy.usable_servers(true);
}

template <std::int64_t (*Figure)(const state::ProxyState&)>
bool fetch_backend(const Context& context, const Arguments& arguments, Cursor&, Sample& out) {
    const state::ProxyState* proxy = arguments.proxy(0, context, context.backend);
    if (proxy == nullptr) return false;
    return out.set_int(Figure(*proxy)), true;
}
template <std::int64_t (*Figure)(const state::ProxyState&)>
bool fetch_frontend(const Context& context, const Arguments& arguments, Cursor&, Sample& out) {
    const state::ProxyState* proxy = arguments.proxy(0, context, context.frontend);
    if (proxy == nullptr) return false;
    return out.set_int(Figure(*proxy)), true;
}
template <std::int64_t (*Figure)(const state::ServerState&)>
bool fetch_server(const Context& context, const Arguments& arguments, Cursor&, Sample& out) {
    const state::ServerState* server = arguments.server(0, context);
    if (server == nullptr) return false;
    return out.set_int(Figure(*server)), true;
}

std::int64_t queued(const state::ProxyState& proxy) {
    std::int64_t sum = proxy.queued.now();
    for (const auto& server : proxy.servers) sum += server->queued.now();
    return sum;
}
std::int64_t average_queue(const state::ProxyState& proxy) {
    const std::int64_t servers = usable_servers(proxy);
    return servers > 0 ? (queued(proxy) + servers - 1) / servers : queued(proxy);
}
// Free slots of the usable servers; -1 as soon as one of them has no limit.
std::int64_t free_connections(const state::ProxyState& proxy) {
    std::int64_t sum = 0;
    for (const auto& server : proxy.servers) {
        if (!server->usable()) continue;
        const std::int64_t limit = server->maxconn.load(std::memory_order_relaxed);
        if (limit == 0) return -1;
        sum += std::max<std::int64_t>(0, limit - server->sessions.now());
    }
    return sum;
}
// The same with what may still wait in their queues; -1 where connections or queues have no limit.
std::int64_t connection_slots(const state::ProxyState& proxy) {
    std::int64_t sum = 0;
    for (const auto& server : proxy.servers) {
        if (!server->usable()) continue;
        const std::int64_t limit = server->maxconn.load(std::memory_order_relaxed);
        if (limit == 0 || server->maxqueue == 0) return -1;
        sum += limit - server->sessions.now() + server->maxqueue - server->queued.now();
    }
    return std::max<std::int64_t>(sum, 0);
}
std::int64_t backend_sessions(const state::ProxyState& proxy) {
    return proxy.backend.sessions.now();
}
std::int64_t backend_rate(const state::ProxyState& proxy) {
    return proxy.backend.session_rate.per_second(now());
}
std::int64_t frontend_sessions(const state::ProxyState& proxy) {
    return proxy.frontend.sessions.now();
}
std::int64_t frontend_rate(const state::ProxyState& proxy) {
    return proxy.frontend.session_rate.per_second(now());
}
std::int64_t request_rate(const state::ProxyState& proxy) {
    return proxy.frontend.request_rate.per_second(now());
}
std::int64_t server_sessions(const state::ServerState& server) {
    return server.sessions.now();
}
std::int64_t server_free(const state::ServerState& server) {
    const std::int64_t limit = server.maxconn.load(std::memory_order_relaxed);
    return limit == 0 ? -1 : std::max<std::int64_t>(0, limit - server.sessions.now());
}
std::int64_t server_queued(const state::ServerState& server) {
    return server.queued.now();
}
std::int64_t server_rate(const state::ServerState& server) {
    return server.session_rate.per_second(now());
}
std::int64_t server_weight(const state::ServerState& server) {
    return server.weight.load(std::memory_order_relaxed);
}
std::int64_t server_initial_weight(const state::ServerState& server) {
    return server.configured_weight.load(std::memory_order_relaxed);
}

bool fetch_srv_is_up(const Context& context, const Arguments& arguments, Cursor&, Sample& out) {
    const state::ServerState* server = arguments.server(0, context);
    if (server == nullptr) return false;
    return out.set_bool(!server->down()), true;
}
bool fetch_be_name(const Context& context, const Arguments&, Cursor&, Sample& out) {
    return out.set_text(context.backend_name), !context.backend_name.empty();
}
bool fetch_be_id(const Context& context, const Arguments&, Cursor&, Sample& out) {
    // Until a backend is chosen the frontend stands for it, as in %b.
    const state::ProxyState* proxy = context.backend != nullptr ? context.backend : context.frontend;
    if (proxy == nullptr) return false;
    return out.set_int(proxy->id), true;
}
bool fetch_srv_name(const Context& context, const Arguments&, Cursor&, Sample& out) {
    return out.set_text(context.server_name), context.server != nullptr;
}
bool fetch_srv_id(const Context& context, const Arguments&, Cursor&, Sample& out) {
    if (context.server == nullptr) return false;
    return out.set_int(context.server->id), true;
}

constexpr ArgumentSpec kProxy{0, {ArgumentKind::proxy}};
constexpr ArgumentSpec kServer{0, {ArgumentKind::server}};
constexpr SampleType kInteger = SampleType::integer;
constexpr Source kState = Source::process;

template <int Context::* member>
bool fetch_own(const Context& context, const Arguments&, Cursor&, Sample& out) {
    return out.set_int(context.*member), true;
}

constexpr std::array kRows{
    FetchRow{"prio_class",
             SampleType::integer,
             Source::process,
             {},
             fetch_own<&Context::priority_class>,
             "what set-priority-class said"},
    FetchRow{"prio_offset",
             SampleType::integer,
             Source::process,
             {},
             fetch_own<&Context::priority_offset>,
             "what set-priority-offset said"},
    FetchRow{"nbsrv", kInteger, kState, kProxy, fetch_backend<usable_servers>, "usable servers of a backend"},
    FetchRow{"be_conn", kInteger, kState, kProxy, fetch_backend<backend_sessions>, "sessions of a backend"},
    FetchRow{"be_conn_free", kInteger, kState, kProxy, fetch_backend<free_connections>,
             "free slots of its servers"},
    FetchRow{"be_sess_rate", kInteger, kState, kProxy, fetch_backend<backend_rate>,
             "new sessions per second"},
    FetchRow{"connslots", kInteger, kState, kProxy, fetch_backend<connection_slots>,
             "free slots of its servers and their queues"},
    FetchRow{"queue", kInteger, kState, kProxy, fetch_backend<queued>, "requests waiting in a backend"},
    FetchRow{"avg_queue", kInteger, kState, kProxy, fetch_backend<average_queue>,
             "waiting requests per server"},
    FetchRow{"fe_conn", kInteger, kState, kProxy, fetch_frontend<frontend_sessions>,
             "sessions of a frontend"},
    FetchRow{"fe_sess_rate", kInteger, kState, kProxy, fetch_frontend<frontend_rate>,
             "new sessions per second"},
    FetchRow{"fe_req_rate", kInteger, kState, kProxy, fetch_frontend<request_rate>, "requests per second"},
    FetchRow{"srv_conn", kInteger, kState, kServer, fetch_server<server_sessions>, "sessions of a server"},
    FetchRow{"srv_conn_free", kInteger, kState, kServer, fetch_server<server_free>, "free slots of a server"},
    FetchRow{"srv_queue", kInteger, kState, kServer, fetch_server<server_queued>,
             "requests waiting for a server"},
    FetchRow{"srv_sess_rate", kInteger, kState, kServer, fetch_server<server_rate>,
             "new sessions per second"},
    FetchRow{"srv_weight", kInteger, kState, kServer, fetch_server<server_weight>, "weight of a server"},
    FetchRow{"srv_iweight", kInteger, kState, kServer, fetch_server<server_initial_weight>,
             "its configured weight"},
    FetchRow{"srv_uweight", kInteger, kState, kServer, fetch_server<server_weight>,
             "its weight as set by users"},
    FetchRow{"srv_is_up", SampleType::boolean, kState, kServer, fetch_srv_is_up, "a server is up"},
    FetchRow{"be_name", SampleType::string, Source::backend, {}, fetch_be_name, "name of the backend"},
    FetchRow{"be_id", kInteger, Source::backend, {}, fetch_be_id, "number of the backend"},
    FetchRow{"srv_name", SampleType::string, Source::server, {}, fetch_srv_name, "name of the server"},
    FetchRow{"srv_id", kInteger, Source::server, {}, fetch_srv_id, "number of the server"},
};

}  // namespace

std::span<const FetchRow> state_fetches() {
    return kRows;
}

}  // namespace proxyd::rules
