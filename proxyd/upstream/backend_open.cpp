// The circumstances of one connection to a server: where to, from where, and what goes ahead of the request.
#include "proxyd/fcgi/connection.h"
#include "proxyd/upstream/backend.h"
#include "proxyd/upstream/backend_impl.h"
#include "proxyd/upstream/outgoing.h"
#include "proxyd/upstream/proxy_header.h"
#include "proxyd/upstream/proxy_vectors.h"

namespace proxyd::upstream {

common::Endpoint Server::destination(const rules::Context* context) const {
    common::Endpoint where = state->address();
    if (context == nullptr) return where;
    if (settings->client_destination && context->destination.is_ip()) {
        const std::uint16_t port = where.port();
        where = context->destination;
        where.set_port(port);
    }
    if (settings->keep_client_port && where.is_ip())
        where.set_port(static_cast<std::uint16_t>(context->destination.port() + settings->port_offset));
    return where;
}

// A source that depends on the client.
void Backend::Impl::show_foreign(const Server& server, const rules::Context& context,
                                 ConnectTarget& target) const {
    if (!server.outgoing->shows_foreign()) return;
    const common::Endpoint foreign = server.outgoing->foreign(context);
    target.foreign_source = !foreign.empty();
    if (target.foreign_source) target.source = foreign;
}

net::Task<ConnectOutcome> Backend::Impl::open(Request& request, Lease& lease) {
    Server& server = *servers[lease.index_];
    if (server.settings->strict_maxconn) make_room(lease);
    ConnectTarget target;
    lease.generation_ = server.generation.load(std::memory_order_relaxed);
    target.address = server.destination(request.context);
    target.source = server.outgoing->own();
    target.outgoing = server.outgoing.get();
    target.fast_open = server.settings->fast_open && may_open_fast(settings);
    if (!server.settings->socks4.empty()) target.socks = &server.settings->socks4;
    target.tls = server.tls.get();
    target.nolinger = settings.nolinger;
    target.keep_alive = &settings.tcpka;
    std::string header;
    if (const rules::Context* context = request.context; context != nullptr) {
        show_foreign(server, *context, target);
        target.mark = context->server_mark;
        target.tos = context->server_tos;
        if (target.mark >= 0 || target.tos >= 0) lease.make_private();
        if (server.settings->send_proxy) header = proxy_header_v1(context->source, context->destination);
        if (server.settings->send_proxy_v2)
            header =
                proxy_header_of(*context, server.settings->proxy_options, server.settings->proxy_vectors);
    }
    target.server_name = server.server_name.evaluate(request.context);
    target.proxy_header = header;
    ConnectOutcome outcome;
    if (target.address.empty() || (server.settings->tls && target.tls == nullptr)) {
        outcome.kind = ConnectOutcome::Kind::refused;
        co_return outcome;
    }
    ClientWatch watch = watch_of(request);
    const common::TimePoint deadline = after(request.waiter->worker(), settings.timeout_connect);
    outcome = co_await connect(*request.waiter, target, deadline, watch, lease.stream_);
    if (server.settings->fastcgi && outcome.kind == ConnectOutcome::Kind::connected)
        lease.stream_.put_on(std::make_unique<fcgi::Connection>());
    co_return outcome;
}

}  // namespace proxyd::upstream
