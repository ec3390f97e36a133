#include "proxyd/session/tcp_session.h"

#include <sys/socket.h>

#include <cerrno>

#include "proxyd/session/decision.h"
#include "proxyd/session/phases.h"
#include "proxyd/session/record.h"

namespace proxyd::session {

using net::Waiter;

net::Task<> TcpSession::run(std::unique_ptr<TcpSession> self) {
    TcpSession& session = *self;
    Connection& connection = session.connection_;
    Waiter& waiter = connection.waiter;

    if (connection.tls_context()) {
        for (Step step = connection.handshake(); !step.done; step = connection.handshake()) {
            co_await waiter.wait(step.interest, step.deadline);
        }
        if (connection.handshake_failed()) co_return;
    }
    session.exchange_ = connection.begin_exchange();
    Exchange& exchange = *session.exchange_;
    if (session.choose()) {
        upstream::Backend& backend =
            *connection.runtime.backends[static_cast<std::size_t>(exchange.backend->index)];
        const upstream::Request request = session.server_request();
        const upstream::Failure failure = co_await backend.acquire(request, exchange.lease);
        if (failure == upstream::Failure::none) {
            exchange.lease.make_private();
            session.tunnel_.begin(exchange);
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

bool TcpSession::choose() {
    Exchange& exchange = *exchange_;
    exchange.context.times.request_start = exchange.context.times.request_done = micros(connection_.now());
    exchange.context.times.request_wall_us = exchange.context.times.accept_wall_us;
    const int index = choose_backend(connection_.frontend(), exchange.context);
    if (index < 0 || !connection_.runtime.backends[static_cast<std::size_t>(index)]) {
        exchange.end = End::no_server;
        return false;
    }
    enter_backend(connection_, exchange, index);
    return true;
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
