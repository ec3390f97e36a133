#include "proxyd/session/tunnel.h"

#include <algorithm>

namespace proxyd::session {

void Tunnel::begin(Exchange& exchange) {
    net::Stream& server = exchange.lease.stream();
    exchange.up.drop_compressor();  // of the request that made the tunnel
    exchange.up.body.start(http::Framing::until_close, 0, http::Framing::until_close);
    exchange.up.start(connection_.client, exchange.client_in, server);
    exchange.down.body.start(http::Framing::until_close, 0, http::Framing::until_close);
    exchange.down.start(server, exchange.server_in, connection_.client);
    allow_splicing(connection_.frontend(), exchange);
    client_ = {&exchange.up, &connection_.client, &server, connection_.now()};
    inspection_.begin(connection_, exchange);
    server_ = {&exchange.down, &server, &connection_.client, connection_.now()};
    limit(exchange);
}

void Tunnel::limit(Exchange& exchange) {
    if (exchange.context.bandwidth == nullptr) return;
    obey_orders(exchange.context, true, connection_.now(), exchange.up.throttle);
    obey_orders(exchange.context, false, connection_.now(), exchange.down.throttle);
}

// `option independent-streams` of the section that faces a side: what is written to it does not prolong the
// wait for its own bytes.
void Tunnel::note_activity(const Exchange& exchange, Side& from, Side& to) {
    from.activity = connection_.now();
    const ProxySettings& faced = &to == &client_ ? connection_.frontend() : *exchange.backend;
    if (!faced.independent_streams || to.ended) to.activity = from.activity;
}

// Moves bytes away from one side. False: the tunnel is over.
bool Tunnel::move(Exchange& exchange, Side& from, Side& to, bool from_client) {
    if (from.ended) return true;
    const Flow::State state = from.flow->pump(connection_.worker);
    if (from.flow->moved()) note_activity(exchange, from, to);
    switch (state) {
        case Flow::State::done:
            from.ended = true;
            from.sink->shutdown_write();
            return true;
        case Flow::State::wants_input:
            from.waited = true;
            arm_for_input(*from.source);
            return true;
        case Flow::State::wants_output:
            to.waited = true;
            arm_for_output(*from.sink);
            return true;
        case Flow::State::again:
            from.source->arm_read();
            return true;
        case Flow::State::limited:
            from.resume_at = from.flow->throttle->resume_at();
            return true;
        case Flow::State::sink_error:
            exchange.end = from_client ? End::server_left_data : End::client_left_data;
            return false;
        default:
            exchange.end = from_client ? End::client_left_data : End::server_left_data;
            return false;
    }
}

common::TimePoint Tunnel::deadline_of(const Exchange& exchange, const Side& side, bool client) const {
    if (!side.waited) return common::kNever;
    const Timeouts& timeouts = client ? connection_.frontend().timeouts : exchange.backend->timeouts;
    common::Duration limit = client ? timeouts.client : server_timeout(exchange);
    if (const common::Duration tunnel = tunnel_timeout(exchange); tunnel.count()) limit = tunnel;
    const common::Duration fin = client ? timeouts.client_fin : timeouts.server_fin;
    // One direction has ended: the side that was told so has its own, usually shorter, time to finish.
    const bool half_closed = client_.ended || server_.ended;
    if (half_closed && fin.count()) limit = fin;
    return after(side.activity, limit);
}

Step Tunnel::step(Exchange& exchange, net::Waiter::Bits bits) {
    const common::TimePoint now = connection_.now();
    if ((bits & net::Waiter::kMail) && exchange.lease.evicted()) {
        exchange.end = evicted_data(exchange.lease);
        return Step::finished();
    }
    if (bits & net::Waiter::kDeadline) {
        const bool client_late = now >= deadline_of(exchange, client_, true);
        const bool server_late = now >= deadline_of(exchange, server_, false);
        if (client_late || server_late) {
            exchange.end = client_late ? End::client_timeout_data : End::server_timeout_data;
            return Step::finished();
        }
    }
    client_.waited = server_.waited = false;
    client_.resume_at = server_.resume_at = common::kNever;
    if (!move(exchange, client_, server_, true)) return Step::finished();
    if (inspection_.pending()) {
        inspection_.look(connection_, exchange);
        limit(exchange);
    }
    if (exchange.end != End::normal) return Step::finished();
    client_.ended |= inspection_.closing();
    if (inspection_.pending())
        server_.waited = true;
    else if (!move(exchange, server_, client_, false))
        return Step::finished();
    if (client_.ended && server_.ended) return Step::finished();
    common::TimePoint deadline =
        std::min(deadline_of(exchange, client_, true), deadline_of(exchange, server_, false));
    deadline = std::min({deadline, client_.resume_at, server_.resume_at});
    if (inspection_.pending()) deadline = std::min(deadline, inspection_.deadline());
    return Step::wait(kClientBits | kServerBits | net::Waiter::kMail, deadline);
}

}  // namespace proxyd::session
