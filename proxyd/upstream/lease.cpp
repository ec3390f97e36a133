#include <utility>

#include "proxyd/fcgi/connection.h"
#include "proxyd/net/worker.h"
#include "proxyd/upstream/backend_impl.h"

namespace proxyd::upstream {

Lease::Lease() = default;

Lease::Lease(Lease&& other) noexcept {
    *this = std::move(other);
}

Lease& Lease::operator=(Lease&& other) noexcept {
    if (this == &other) return *this;
    reset();
    backend_ = std::exchange(other.backend_, nullptr);
    server_ = std::exchange(other.server_, nullptr);
    settings_ = std::exchange(other.settings_, nullptr);
    worker_ = std::exchange(other.worker_, nullptr);
    kept_ = std::exchange(other.kept_, nullptr);
    stream_ = std::move(other.stream_);
    index_ = other.index_;
    generation_ = other.generation_;
    reused_ = other.reused_;
    private_ = other.private_;
    uses_ = other.uses_;
    return *this;
}

Lease::~Lease() {
    reset();
}

void Lease::reset() {
    stream_.close();
    reused_ = private_ = false;
    kept_ = nullptr;
    settings_ = nullptr;
    if (std::exchange(server_, nullptr) == nullptr) return;
    if (!backend_->impl_->is_direct(index_)) backend_->impl_->admission.free_slot(index_);
}

fcgi::Connection& Lease::fastcgi() {
    return static_cast<fcgi::Connection&>(*stream_.layer());
}

void Lease::drop_connection() {
    stream_.close();
    reused_ = false;
}

void Lease::release() {
    if (server_ != nullptr && stream_.open() && !private_ && !stream_.buffered())
        backend_->impl_->put_idle(*this);
    reset();
}

// Whether the client's own connection is what this request of his would get: the name that TLS asked for,
// where it leads, and the address that it shows, may differ from request to request.
static bool fits(const Server& server, const Request& request, const net::Stream& stream) {
    if (server.server_name.varies()) {
        const net::TlsInfo* const tls = stream.tls_info();
        if (tls == nullptr || tls->sni != server.server_name.evaluate(request.context)) return false;
    }
    if (server.follows_client() && !(stream.peer() == server.destination(request.context))) return false;
    if (!server.outgoing->differs_by_client()) return true;
    return request.context != nullptr && server.outgoing->fits(stream.fd(), *request.context);
}

// strict-maxconn: idle connections take room, too. Those of other workers cannot be closed at once when it is
// needed, so that idle ones are kept only by a lone worker.
static bool counts_idle(const Server& server) {
    return server.settings->strict_maxconn && server.state->maxconn.load(std::memory_order_relaxed) > 0;
}

void Backend::Impl::make_room(Lease& lease) {
    const Server& server = *servers[lease.index_];
    const auto& mine = pools[static_cast<std::size_t>(lease.worker_->index())];
    if (!mine || !counts_idle(server)) return;
    const std::int64_t most = server.state->maxconn.load(std::memory_order_relaxed);
    IdlePool::Connection dropped;
    while (server.state->sessions.now() + server.idle.load(std::memory_order_relaxed) > most &&
           mine->pools[lease.index_]->take(false, server.generation.load(std::memory_order_relaxed), dropped))
        dropped.stream.close();
}

bool Backend::Impl::take_idle(const Request& request, Lease& lease) {
    if (request.fresh || !settings.http_mode) return false;
    Server& server = *servers[lease.index_];
    const rules::Context* const context = request.context;
    if (context != nullptr && (context->server_mark >= 0 || context->server_tos >= 0)) return false;
    const std::uint64_t generation = server.generation.load(std::memory_order_relaxed);
    if (Kept* kept = request.kept; kept != nullptr && kept->stream_.open() && kept->backend_ == &backend &&
                                   kept->server_ == lease.index_ && kept->generation_ == generation) {
        if (fits(server, request, kept->stream_) && !kept->stream_.disturbed()) {
            lease.stream_ = std::move(kept->stream_);
            lease.generation_ = generation;
            lease.uses_ = kept->uses_ + 1;
            finished(request, lease, true);
            return true;
        }
        kept->close();
    }
    if (settings.reuse == Reuse::never || (settings.reuse == Reuse::safe && request.first_request))
        return false;
    const auto& mine = pools[static_cast<std::size_t>(lease.worker_->index())];
    if (!mine) return false;
    const bool proven_only = settings.reuse == Reuse::aggressive && request.first_request;
    IdlePool::Connection connection;
    if (!mine->pools[lease.index_]->take(proven_only, generation, connection)) return false;
    lease.stream_ = std::move(connection.stream);
    lease.generation_ = generation;
    lease.uses_ = connection.uses + 1;
    finished(request, lease, true);
    return true;
}

void Backend::Impl::put_idle(Lease& lease) {
    Server& server = *servers[lease.index_];
    const int most_uses = server.settings->max_reuse;
    if (most_uses >= 0 && lease.uses_ >= most_uses) return;
    if (!settings.http_mode || lease.generation_ != server.generation.load(std::memory_order_relaxed)) return;
    if (counts_idle(server) && (pools.size() > 1 || !server.shareable() || settings.reuse == Reuse::never))
        return;
    if (settings.reuse == Reuse::never || !server.shareable()) {
        if (lease.kept_ == nullptr || is_direct(lease.index_)) return;
        lease.stream_.watch_idle();
        lease.stream_.release_buffers();
        lease.kept_->backend_ = &backend;
        lease.kept_->server_ = lease.index_;
        lease.kept_->generation_ = lease.generation_;
        lease.kept_->uses_ = lease.uses_;
        lease.kept_->stream_ = std::move(lease.stream_);
        return;
    }
    const int most = server.settings->pool_max_idle;
    if (most >= 0 && server.idle.load(std::memory_order_relaxed) >= most) return;
    if (server.settings->pool_purge_delay <= common::Duration::zero()) return;
    // More idle connections than streams were ever busy at once are of no use to this worker. Without this
    // bound clients that come for one request each (http-reuse safe gives each a fresh connection) would use
    // up all descriptors. A reset, as the exchange is over: a FIN from our side would keep the port for a
    // minute (TIME_WAIT).
    WorkerPools& mine = pools_of(*lease.worker_);
    IdlePool& pool = *mine.pools[lease.index_];
    if (std::cmp_greater_equal(pool.size(), lease.server_->sessions.max()) && !pool.drop_dead())
        return lease.stream_.reset();
    pool.put({std::move(lease.stream_), lease.generation_, lease.reused_, lease.uses_});
    if (mine.due[lease.index_] != common::kNever) return;
    const common::TimePoint due = mine.worker.now() + mine.delays[lease.index_];
    mine.due[lease.index_] = due;
    if (due < mine.deadline.when()) mine.deadline.set(due);
}

WorkerPools::WorkerPools(net::Worker& of, std::vector<std::unique_ptr<Server>>& servers)
    : worker(of), due(servers.size(), common::kNever), deadline(of.deadlines(), on_purge, this) {
    for (const auto& server : servers) {
        pools.push_back(std::make_unique<IdlePool>(server->idle));
        delays.push_back(server->settings->pool_purge_delay);
    }
}

void WorkerPools::on_purge(void* self) {
    static_cast<WorkerPools*>(self)->purge();
}

void WorkerPools::purge() {
    const common::TimePoint now = worker.now();
    common::TimePoint next = common::kNever;
    for (std::size_t i = 0; i < pools.size(); ++i) {
        if (due[i] <= now) {
            pools[i]->purge();
            due[i] = pools[i]->size() > 0 ? now + delays[i] : common::kNever;
        }
        next = std::min(next, due[i]);
    }
    deadline.set(next);
}

WorkerPools& Backend::Impl::pools_of(net::Worker& worker) {
    auto& mine = pools[static_cast<std::size_t>(worker.index())];
    if (!mine) mine = std::make_unique<WorkerPools>(worker, servers);
    return *mine;
}

void Backend::purge_idle(net::Worker& worker, bool all) {
    const auto& mine = impl_->pools[static_cast<std::size_t>(worker.index())];
    if (!mine) return;
    for (const auto& pool : mine->pools) all ? pool->clear() : pool->purge();
}

}  // namespace proxyd::upstream
