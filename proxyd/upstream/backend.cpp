#include "proxyd/upstream/backend.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "proxyd/upstream/backend_impl.h"
#include "proxyd/upstream/outgoing.h"
#include "proxyd/upstream/servers.h"

namespace proxyd::upstream {

namespace {

using net::Waiter;
using Outcome = ConnectOutcome::Kind;

constexpr common::Duration kTurnAround = std::chrono::seconds(1);

std::int64_t microseconds(common::TimePoint when) {
    return std::chrono::duration_cast<std::chrono::microseconds>(when.time_since_epoch()).count();
}

void wake(const std::shared_ptr<Ticket>& ticket) {
    const auto set = [ticket] {
        if (ticket->waiter != nullptr) ticket->waiter->set(Waiter::kMail);
    };
    if (ticket->worker == net::Worker::current())
        set();
    else
        ticket->worker->post(set);
}

balance::Selected select_algorithm(const BackendSettings& settings) {
    if (auto selected = balance::select(settings.balance, settings.balance_arguments))
        return std::move(*selected);
    return std::move(*balance::select("roundrobin", {}));  // validate() has told the user
}

state::ProxyState& with_servers(const BackendSettings& settings, state::ProxyState& state, int workers) {
    if (state.servers.empty()) create_servers(settings, state, workers);
    return state;
}

Failure failure_of(Outcome outcome) {
    switch (outcome) {
        case Outcome::connected:
            return Failure::none;
        case Outcome::refused:
            return Failure::connect_refused;
        case Outcome::timeout:
            return Failure::connect_timeout;
        case Outcome::resource:
            return Failure::resource;
        case Outcome::client_gone:
            return Failure::client_gone;
    }
    return Failure::connect_refused;
}

// A place in a queue, given up when the coroutine that waits is done or destroyed.
class Place {
 public:
    Place(Admission& admission, Ticket& ticket) : admission_(admission), ticket_(ticket) {}
    ~Place() {
        ticket_.waiter = nullptr;
        if (!done_) admission_.give_up(ticket_);
    }
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;
    void done() { done_ = true; }

 private:
    Admission& admission_;
    Ticket& ticket_;
    bool done_ = false;
};

bool redirects(const Request& request, const Lease& lease) {
    return request.may_redirect && !lease.settings()->redirect_prefix.empty();
}

}  // namespace

Backend::Impl::Impl(Backend& owner, const BackendSettings& backend_settings, state::ProxyState& proxy,
                    int worker_count)
    : backend(owner),
      settings(backend_settings),
      state(with_servers(backend_settings, proxy, worker_count)),
      pools(static_cast<std::size_t>(worker_count)),
      admission(backend_settings, proxy, select_algorithm(backend_settings), wake) {
    for (std::size_t i = 0; i < settings.servers.size(); ++i)
        add_server(settings.servers[i], *state.servers[i]);
    if (settings.direct == nullptr) return;
    direct = std::make_unique<state::ServerState>(settings.direct->name, 0, worker_count);
    direct->set_address(settings.direct->address);
    add_server(*settings.direct, *direct);
}

void Backend::Impl::add_server(const ServerSettings& of, state::ServerState& server_state) {
    auto server = std::make_unique<Server>();
    server->settings = &of;
    server->state = &server_state;
    server->address = server_state.address();
    server->outgoing = std::make_unique<Outgoing>(of);
    if (of.tls)
        if (auto tls = client_tls(of)) server->tls = *tls;
    if (auto name = ServerName::compile(of.sni)) server->server_name = std::move(*name);
    servers.push_back(std::move(server));
}

Grant Backend::Impl::ask(const Request& request) {
    const bool bound = request.wanted != balance::kNone && !is_direct(request.wanted);
    if (direct == nullptr || bound)
        return admission.ask({.context = request.context, .wanted = request.wanted}, request.waiter);
    Grant grant;
    grant.kind = Grant::Kind::slot;
    grant.server = settings.servers.size();
    return grant;
}

Backend::Backend(const BackendSettings& settings, state::ProxyState& state, int workers)
    : impl_(std::make_unique<Impl>(*this, settings, state, workers)) {}
Backend::~Backend() = default;

const BackendSettings& Backend::settings() const {
    return impl_->settings;
}
const Outgoing& Backend::outgoing(std::size_t server) const {
    return *impl_->servers[server]->outgoing;
}
state::ProxyState& Backend::state() {
    return impl_->state;
}

net::Task<Failure> Backend::acquire(Request request, Lease& lease) {
    // The common case ends here: a free slot and an idle connection.
    Grant grant = impl_->ask(request);
    if (grant.kind == Grant::Kind::slot) {
        impl_->assign(request, lease, grant.server);
        if (redirects(request, lease)) co_return Failure::redirected;
        if (impl_->take_idle(request, lease)) co_return Failure::none;
    }
    const Failure failure = co_await impl_->pursue(request, lease, std::move(grant));
    co_return failure;
}

net::Task<Failure> Backend::reacquire(Request request, Lease& lease) {
    request.fresh = true;
    if (!lease) {
        const Failure failure = co_await acquire(request, lease);
        co_return failure;
    }
    lease.drop_connection();
    Grant same;
    same.kind = Grant::Kind::slot;
    same.server = lease.index_;
    const Failure failure = co_await impl_->pursue(request, lease, std::move(same));
    co_return failure;
}

int Backend::retries_of(const rules::Context& context) const {
    return context.own_retries >= 0 ? context.own_retries : impl_->settings.retries;
}

net::Task<Failure> Backend::retry(Request request, Lease& lease) {
    request.fresh = true;
    const int done = ++request.context->retries;
    const int worker = request.waiter->worker().index();
    Grant grant;
    grant.kind = Grant::Kind::slot;
    grant.server = lease.index_;
    state::Counters& counters = lease.server_->counters.shard(worker);
    const bool elsewhere = impl_->wants_redispatch(done, retries_of(*request.context)) &&
                           impl_->redispatch(request, lease, grant);
    if (!elsewhere) {
        lease.drop_connection();
        counters.retries.add();
        impl_->state.backend.counters.shard(worker).retries.add();
    }
    const Failure failure = co_await impl_->pursue(request, lease, std::move(grant), done);
    co_return failure;
}

// From a grant to a connection. The lease holds the slot when the grant says so.
net::Task<Failure> Backend::Impl::pursue(Request request, Lease& lease, Grant grant, int done) {
    state::Counters& backend_counters = state.backend.counters.shard(request.waiter->worker().index());
    const int retries = (settings.retry_on & kRetryConnect) == 0 ? done
                        : request.context != nullptr             ? backend.retries_of(*request.context)
                                                                 : settings.retries;
    for (;;) {
        while (grant.kind == Grant::Kind::wait) {
            const Failure failure = co_await wait_for_slot(request, grant);
            if (failure != Failure::none) co_return failure;
            if (grant.kind == Grant::Kind::slot) assign(request, lease, grant.server);
        }
        if (grant.kind == Grant::Kind::no_server) co_return Failure::no_server;
        if (grant.kind == Grant::Kind::queue_full) {
            name_server(request, grant.server);
            co_return Failure::queue_full;
        }
        if (redirects(request, lease)) co_return Failure::redirected;
        if (done == 0 && !request.fresh && take_idle(request, lease)) co_return Failure::none;

        const ConnectOutcome outcome = co_await open(request, lease);
        if (outcome.kind != Outcome::client_gone)
            lease.saw(outcome.kind == Outcome::connected ? Seen::connected : Seen::not_connected);
        if (outcome.kind == Outcome::connected) {
            finished(request, lease, false);
            co_return Failure::none;
        }
        state::Counters& counters = lease.server_->counters.shard(request.waiter->worker().index());
        if (outcome.kind == Outcome::client_gone || done >= retries) {
            if (outcome.kind != Outcome::client_gone) {
                counters.connect_errors.add();
                backend_counters.connect_errors.add();
            }
            lease.reset();
            co_return failure_of(outcome.kind);
        }
        ++done;
        if (request.context != nullptr) request.context->retries = done;

        if (wants_redispatch(done, retries) && redispatch(request, lease, grant)) continue;
        counters.retries.add();
        backend_counters.retries.add();
        // The same server again: it may be restarting. A timeout was a pause already.
        if (outcome.kind == Outcome::timeout) continue;
        const Failure failure = co_await pause(request);
        if (failure != Failure::none) {
            lease.reset();
            co_return failure;
        }
        // It may have been found to be down meanwhile.
        if (settings.redispatch && !lease.server_->usable()) redispatch(request, lease, grant);
    }
}

// Gives the slot back and asks for one elsewhere; false when it is the same server again.
bool Backend::Impl::redispatch(const Request& request, Lease& lease, Grant& grant) {
    const std::size_t before = lease.index_;
    if (is_direct(before)) return false;
    lease.reset();
    grant = admission.ask({.context = request.context, .avoid = before}, request.waiter);
    if (grant.kind == Grant::Kind::slot) assign(request, lease, grant.server);
    if (grant.kind == Grant::Kind::slot && grant.server == before) return false;
    const int worker = request.waiter->worker().index();
    servers[before]->state->counters.shard(worker).redispatches.add();
    state.backend.counters.shard(worker).redispatches.add();
    if (request.context != nullptr) request.context->redispatched = true;
    return true;
}

net::Task<Failure> Backend::Impl::wait_for_slot(Request& request, Grant& grant) {
    Waiter& waiter = *request.waiter;
    const std::shared_ptr<Ticket> ticket = std::move(grant.ticket);
    const bool at_server = grant.server != balance::kNone;
    name_server(request, grant.server);
    std::int64_t* position = nullptr;
    if (request.context != nullptr)
        position = at_server ? &request.context->server_queue : &request.context->backend_queue;
    const bool has_own_timeout = settings.timeout_queue > common::Duration::zero();
    const common::TimePoint deadline =
        after(waiter.worker(), has_own_timeout ? settings.timeout_queue : settings.timeout_connect);
    Failure failure = Failure::none;
    {
        ClientWatch watch = watch_of(request);
        Place place(admission, *ticket);
        for (;;) {
            const Waiter::Bits bits = co_await waiter.wait(Waiter::kMail | watch.interest(), deadline);
            std::size_t server = balance::kNone;
            const Ticket::State seen = admission.look(*ticket, server);
            if (watch.left(bits)) {
                failure = Failure::client_left_queue;
                break;
            }
            if (seen == Ticket::State::granted) {
                place.done();
                grant.kind = Grant::Kind::slot;
                grant.server = server;
                break;
            }
            if (seen == Ticket::State::redistributed) {
                place.done();
                grant = admission.ask({.context = request.context}, request.waiter);
                break;
            }
            if ((bits & Waiter::kDeadline) != 0) {
                failure = Failure::queue_timeout;
                break;
            }
        }
    }
    if (request.context != nullptr) {
        *position += ticket->position;
        request.context->times.queue_done = microseconds(waiter.worker().now());
    }
    co_return failure;
}

// min(timeout connect, 1 s) before the same server is tried again.
net::Task<Failure> Backend::Impl::pause(Request& request) {
    Waiter& waiter = *request.waiter;
    const bool limited = settings.timeout_connect > common::Duration::zero();
    const common::TimePoint end =
        waiter.worker().now() + (limited ? std::min(settings.timeout_connect, kTurnAround) : kTurnAround);
    ClientWatch watch = watch_of(request);
    for (;;) {
        const Waiter::Bits bits = co_await waiter.wait(watch.interest(), end);
        if (watch.left(bits)) co_return Failure::client_gone;
        if ((bits & Waiter::kDeadline) != 0) co_return Failure::none;
    }
}

// Which retries go to another server (option redispatch): by default the last one, and every one when the
// algorithm takes servers in turn and there are others.
bool Backend::Impl::wants_redispatch(int retries_done, int retries_allowed) const {
    if (!settings.redispatch || settings.redispatch_interval == 0) return false;
    if (admission.algorithm().rotates && admission.usable() > 1) return true;
    const int interval = settings.redispatch_interval;
    if (interval > 0) return retries_done % interval == 0;
    return retries_done == std::max(retries_allowed + 1 + interval, 1);
}

// The slot of `server` is ours.
void Backend::Impl::assign(const Request& request, Lease& lease, std::size_t index) {
    net::Worker& worker = request.waiter->worker();
    Server& server = *servers[index];
    lease.backend_ = &backend;
    lease.server_ = server.state;
    lease.settings_ = server.settings;
    lease.worker_ = &worker;
    lease.index_ = index;
    lease.kept_ = request.kept;
    lease.reused_ = lease.private_ = false;
    lease.uses_ = 0;
    lease.evictions_ = server.state->evictions.load(std::memory_order_relaxed);

    state::Counters& counters = server.state->counters.shard(worker.index());
    counters.chosen.add();
    counters.sessions.add();
    state.backend.counters.shard(worker.index()).chosen.add();
    server.state->session_rate.tick(worker.now());
    server.state->last_session_ms.store(worker.wall_us() / 1000, std::memory_order_relaxed);
    if (request.context == nullptr) return;
    name_server(request, index);
    request.context->server_connections = server.state->sessions.now();
    request.context->times.queue_done = microseconds(worker.now());
}

// For logs and rules: which server it is about, if any.
void Backend::Impl::name_server(const Request& request, std::size_t index) const {
    if (request.context == nullptr) return;
    state::ServerState* server =
        index != balance::kNone && !is_direct(index) ? servers[index]->state : nullptr;
    request.context->server = server;
    request.context->server_name = server != nullptr ? std::string_view(server->name) : "<NOSRV>";
}

void Backend::Impl::finished(const Request& request, Lease& lease, bool reused) {
    lease.reused_ = reused;
    Waiter& waiter = *request.waiter;
    const int worker = waiter.worker().index();
    state::Counters& server = lease.server_->counters.shard(worker);
    state::Counters& whole = state.backend.counters.shard(worker);
    (reused ? server.reuses : server.connects).add();
    (reused ? whole.reuses : whole.connects).add();
    if (reused) {
        waiter.clear(Waiter::kServerIn | Waiter::kServerOut);  // of an earlier connection
        lease.stream_.attach(waiter, Waiter::kServerIn, Waiter::kServerOut);
    }
    if (request.context != nullptr) request.context->times.connected = microseconds(waiter.worker().now());
}

void Backend::on_eviction(std::function<void()> wake_all) {
    impl_->wake_all = std::move(wake_all);
}

void Backend::evict(state::ServerState& server) {
    server.evictions.fetch_add(1, std::memory_order_relaxed);
    if (impl_->wake_all) impl_->wake_all();
}

void Backend::add_follower(std::size_t server, Follower follower) {
    impl_->servers[server]->followers.push_back(std::move(follower));
}

std::span<const Follower> Backend::followers(std::size_t server) const {
    return impl_->servers[server]->followers;
}

int Backend::servers_changed() {
    const std::lock_guard lock(impl_->changes);
    const Admission::Changes changes = impl_->admission.servers_changed();
    for (const auto& server : impl_->servers) {
        // Connections to where it was, or to what it was before it failed, serve nobody any more.
        const common::Endpoint address = server->state->address();
        const bool moved = !(address == server->address);
        if (moved || server->state->down()) server->generation.fetch_add(1, std::memory_order_relaxed);
        server->address = address;
    }
    return changes.requeued;
}

}  // namespace proxyd::upstream
