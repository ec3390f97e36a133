#include "proxyd/upstream/connector.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "common/unique_fd.h"
#include "proxyd/net/reset_on_close.h"
#include "proxyd/net/worker.h"

namespace proxyd::upstream {

namespace {

using Kind = ConnectOutcome::Kind;
using net::Waiter;

bool lacks_resource(int error) {
    switch (error) {
        case EMFILE:
        case ENFILE:
        case ENOBUFS:
        case ENOMEM:
        case EADDRNOTAVAIL:  // no port left
        case EADDRINUSE:
            return true;
        default:
            return false;
    }
}

ConnectOutcome failed(int error) {
    ConnectOutcome outcome;
    outcome.kind = lacks_resource(error) ? Kind::resource
                   : error == ETIMEDOUT  ? Kind::timeout
                                         : Kind::refused;
    outcome.error = error;
    return outcome;
}

ConnectOutcome ended(Kind kind) {
    ConnectOutcome outcome;
    outcome.kind = kind;
    return outcome;
}

// The descriptor with its connect under way, or the errno.
common::Result<common::UniqueFd> start(const ConnectTarget& target) {
    const int family = target.address.family();
    common::UniqueFd fd(::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!fd) return common::fail_errno("cannot open a socket");
    const int on = 1;
    if (target.address.is_ip()) {
        ::setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    }
    if (!target.source.empty() && target.source.family() == family) {
        // Otherwise bind() takes a port for this address alone, and 28,000 connections to all servers exhaust
        // them.
        if (target.source.port() == 0)
            ::setsockopt(fd.get(), IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof(on));
        if (target.source.port() != 0) ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
        if (::bind(fd.get(), target.source.data(), target.source.size()) != 0)
            return common::fail_errno("cannot bind to " + target.source.to_string());
    }
    if (target.keep_alive != nullptr && target.keep_alive->on)
        net::set_keep_alive(fd.get(), *target.keep_alive);
    if (target.nolinger) net::reset_on_close(fd.get());
    int result = 0;
    do {
        result = ::connect(fd.get(), target.address.data(), target.address.size());
    } while (result != 0 && errno == EINTR);
    if (result != 0 && errno != EINPROGRESS) return common::fail_errno("cannot connect");
    return fd;
}

net::Task<ConnectOutcome> handshake(Waiter& waiter, const ConnectTarget& target, common::TimePoint deadline,
                                    ClientWatch& watch, net::Stream& stream) {
    ConnectOutcome outcome;
    outcome.step = ConnectOutcome::Step::tls;
    if (auto started = stream.start_tls_client(*target.tls, target.server_name); !started) {
        outcome.kind = Kind::resource;
        outcome.text = started.error().text;
        co_return outcome;
    }
    for (;;) {
        const net::IoResult result = stream.try_handshake();
        if (result.ok()) co_return outcome;
        if (!result.would_block()) {
            outcome.kind = Kind::refused;
            outcome.error = result.kind == net::IoResult::Kind::end ? ECONNRESET : result.error;
            outcome.text = stream.tls_error();
            co_return outcome;
        }
        const Waiter::Bits direction = stream.wants_write() ? Waiter::kServerOut : Waiter::kServerIn;
        stream.wants_write() ? stream.arm_write() : stream.arm_read();
        const Waiter::Bits bits = co_await waiter.wait(direction | watch.interest(), deadline);
        if (watch.left(bits)) {
            outcome.kind = Kind::client_gone;
            co_return outcome;
        }
        if ((bits & direction) == 0 && (bits & Waiter::kDeadline) != 0) {
            outcome.kind = Kind::timeout;
            co_return outcome;
        }
    }
}

}  // namespace

net::Task<ConnectOutcome> connect(Waiter& waiter, const ConnectTarget& target, common::TimePoint deadline,
                                  ClientWatch& watch, net::Stream& stream) {
    auto fd = start(target);
    if (!fd) co_return failed(fd.error().code);
    waiter.clear(Waiter::kServerIn | Waiter::kServerOut);  // of an earlier connection
    stream = net::Stream(waiter.worker(), fd->release(), target.address);
    stream.attach(waiter, Waiter::kServerIn, Waiter::kServerOut);
    stream.arm_write();
    for (Waiter::Bits bits = 0; (bits & Waiter::kServerOut) == 0;) {
        bits = co_await waiter.wait(Waiter::kServerOut | watch.interest(), deadline);
        if (watch.left(bits)) {
            stream.reset();
            co_return ended(Kind::client_gone);
        }
        if ((bits & Waiter::kServerOut) == 0 && (bits & Waiter::kDeadline) != 0) {
            stream.reset();
            co_return ended(Kind::timeout);
        }
    }
    if (const int error = stream.connect_error(); error != 0) {
        stream.close();
        co_return failed(error);
    }
    if (!target.proxy_header.empty()) {
        // A fresh socket's buffer takes a header's 16 to 300 bytes whole.
        const iovec piece{const_cast<char*>(target.proxy_header.data()), target.proxy_header.size()};
        const net::IoResult written = stream.try_write(std::span(&piece, 1));
        if (!written.ok() || written.count != target.proxy_header.size()) {
            stream.close();
            co_return failed(written.error != 0 ? written.error : ECONNRESET);
        }
    }
    if (target.tls == nullptr) co_return ended(Kind::connected);
    ConnectOutcome outcome = co_await handshake(waiter, target, deadline, watch, stream);
    if (outcome.kind != Kind::connected) stream.close();
    co_return outcome;
}

}  // namespace proxyd::upstream
