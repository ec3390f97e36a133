#include "proxyd/session/tcp_session.h"

#include <sys/socket.h>

#include <cerrno>

#include "proxyd/session/decision.h"
#include "proxyd/session/http_session.h"
#include "proxyd/session/persistence.h"
#include "proxyd/session/phases.h"
#include "proxyd/session/record.h"
#include "proxyd/session/stickiness.h"

namespace proxyd::session {

using net::Waiter;

net::Task<> TcpSession::run(std::unique_ptr<TcpSession> self) {
    TcpSession& session = *self;
    Connection& connection = session.connection_;
    Waiter& waiter = connection.waiter;

    if (!connection.admitted(connection.frontend().tcp_connection)) co_return;
    if (connection.expects_proxy_header()) {
        for (Step step = connection.read_proxy_header(); !step.done; step = connection.read_proxy_header()) {
            co_await waiter.wait(step.interest, step.deadline);
        }
        if (connection.proxy_header_failed()) co_return;
    }
    if (connection.tls_context()) {
        for (Step step = connection.handshake(); !step.done; step = connection.handshake()) {
            co_await waiter.wait(step.interest, step.deadline);
        }
        if (connection.handshake_failed()) co_return;
    }
    if (!connection.admitted(connection.frontend().tcp_session)) co_return;
    connection.count_session();
    note_accept(connection);
    session.exchange_ = connection.begin_exchange();
    Exchange& exchange = *session.exchange_;
    session.begin();
    for (Step step = session.inspect(connection.frontend()); !step.done; step = session.inspect_more()) {
        co_await waiter.wait(step.interest, step.deadline);
    }
    const bool chosen = session.choose();
    if (session.becomes_http()) {
        net::Task<> http = HttpSession::run(session.hand_over());
        co_await std::move(http);
        co_return;
    }
    if (chosen && exchange.backend != &connection.frontend()) {
        for (Step step = session.inspect(*exchange.backend); !step.done; step = session.inspect_more()) {
            co_await waiter.wait(step.interest, step.deadline);
        }
    }
    if (chosen && exchange.end == End::normal) {
        choose_tcp_server(exchange);
        upstream::Backend& backend =
            *connection.runtime.backends[static_cast<std::size_t>(exchange.backend->index)];
        const upstream::Request request = session.server_request();
        const upstream::Failure failure = co_await backend.acquire(request, exchange.lease);
        if (failure == upstream::Failure::none) {
            exchange.lease.make_private();
            note_step(connection, exchange, rules::LogStep::connect);
            store_for_request(exchange);
            exchange.context.request = nullptr;  // its bytes are on their way
            session.tunnel_.begin(exchange);
            if (connection.frontend().log.logasap) log_early(connection, exchange);
            Waiter::Bits bits = 0;
            for (;;) {
                const Step step = session.tunnel_.step(exchange, bits);
                if (step.done) break;
                bits = co_await waiter.wait(step.interest, step.deadline);
            }
        } else {
            exchange.end = end_of(failure);
        }
    }
    session.finish();
    for (Step step = session.linger(); !step.done; step = session.linger()) {
        co_await waiter.wait(step.interest, step.deadline);
    }
}

void TcpSession::begin() {
    rules::Timings& times = exchange_->context.times;
    times.request_start = times.request_done = micros(connection_.now());
    times.request_wall_us = times.accept_wall_us;
    make_unique_id(connection_.frontend(), *exchange_);
}

Step TcpSession::inspect(const ProxySettings& section) {
    inspection_.begin(*exchange_, section);
    return inspect_more();
}

Step TcpSession::inspect_more() {
    return inspection_.step(*exchange_);
}

bool TcpSession::choose() {
    Exchange& exchange = *exchange_;
    if (exchange.end != End::normal || inspection_.becomes_http()) return false;
    exchange.context.times.request_done = micros(connection_.now());
    const int index = choose_backend(connection_.frontend(), exchange.context);
    if (index < 0 || !connection_.runtime.backends[static_cast<std::size_t>(index)]) {
        exchange.end = End::no_server;
        return false;
    }
    enter_backend(connection_, exchange, index);
    note_step(connection_, exchange, rules::LogStep::request);
    return true;
}

// A rule has said so, or the backend says so by its mode.
bool TcpSession::becomes_http() {
    const Exchange& exchange = *exchange_;
    if (exchange.end != End::normal) return false;
    return inspection_.becomes_http() || exchange.backend->http_mode;
}

std::unique_ptr<HttpSession> TcpSession::hand_over() {
    exchange_->stage = Exchange::Stage::inspected;
    return std::make_unique<HttpSession>(connection_, std::move(exchange_));
}

bool TcpSession::client_left(void* self) {
    const auto& session = *static_cast<TcpSession*>(self);
    char byte;
    const ssize_t count = ::recv(session.connection_.client.fd(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR);
}

upstream::Request TcpSession::server_request() {
    upstream::Request request;
    request.context = &exchange_->context;
    request.waiter = &connection_.waiter;
    request.kept = &connection_.kept;
    request.wanted = exchange_->wanted;
    request.fresh = true;
    request.abort_on_client_close = exchange_->backend->abortonclose;
    request.client_gone = client_left;
    request.client_gone_argument = this;
    if (request.abort_on_client_close) connection_.client.arm_read();
    return request;
}

void TcpSession::finish() {
    Exchange& exchange = *exchange_;
    linger_ = !exchange.lease;
    record_tcp(connection_, exchange);
    connection_.entrance.exchanges().give_back(std::move(exchange_));
}

// A client that was not served sees an orderly end, whatever it has sent meanwhile.
Step TcpSession::linger() {
    return linger_ ? connection_.linger() : Step::finished();
}

}  // namespace proxyd::session
