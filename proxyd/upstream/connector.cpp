#include "proxyd/upstream/connector.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <array>
#include <optional>

#include "common/unique_fd.h"
#include "proxyd/net/reset_on_close.h"
#include "proxyd/net/worker.h"
#include "proxyd/upstream/socks4.h"

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

// A fresh socket's buffer takes a header's 16 to 300 bytes whole. 0, or the errno.
int write_header(net::Stream& stream, std::string_view bytes) {
    const iovec piece{const_cast<char*>(bytes.data()), bytes.size()};
    const net::IoResult written = stream.try_write(std::span(&piece, 1));
    if (written.ok() && written.count == bytes.size()) return 0;
    return written.error != 0 ? written.error : ECONNRESET;
}

common::Result<> bind_source(int fd, const ConnectTarget& target, const common::Endpoint& peer) {
    const int family = peer.family(), on = 1;
    const bool foreign = target.foreign_source;
    if (foreign && target.source.family() != family)
        return common::fail_errno("cannot show " + target.source.ip(), EAFNOSUPPORT);
    if (target.source.family() != family) return {};
    if (foreign &&
        ::setsockopt(fd, family == AF_INET6 ? int{IPPROTO_IPV6} : int{IPPROTO_IP},
                     family == AF_INET6 ? int{IPV6_TRANSPARENT} : int{IP_TRANSPARENT}, &on, sizeof on) != 0)
        return common::fail_errno("cannot show a foreign address");
    if (!foreign && target.outgoing != nullptr && target.outgoing->has_ports()) {
        ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
        return target.outgoing->bind_to_range(fd, target.source);
    }
    // Otherwise bind() takes a port for this address alone, and 28,000 connections to all servers exhaust
    // them.
    if (target.source.port() == 0)
        ::setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
    else
        ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (::bind(fd, target.source.data(), target.source.size()) != 0)
        return common::fail_errno("cannot bind to " + target.source.to_string());
    return {};
}

void set_packet_options(int fd, const ConnectTarget& target, const common::Endpoint& peer) {
    if (target.mark >= 0) ::setsockopt(fd, SOL_SOCKET, SO_MARK, &target.mark, sizeof target.mark);
    if (target.tos < 0 || !peer.is_ip()) return;
    const bool v4 = peer.family() == AF_INET;
    ::setsockopt(fd, v4 ? IPPROTO_IP : IPPROTO_IPV6, v4 ? IP_TOS : IPV6_TCLASS, &target.tos,
                 sizeof target.tos);
}

common::Result<common::UniqueFd> make_socket(const ConnectTarget& target, const common::Endpoint& peer) {
    if (target.outgoing != nullptr && !target.outgoing->plain()) return target.outgoing->socket(peer);
    common::UniqueFd fd(::socket(peer.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!fd) return common::fail_errno("cannot open a socket");
    return fd;
}

// The descriptor with its connect under way, or the errno.
common::Result<common::UniqueFd> start_once(const ConnectTarget& target) {
    const common::Endpoint& peer = target.socks != nullptr ? *target.socks : target.address;
    auto made = make_socket(target, peer);
    if (!made) return made;
    common::UniqueFd fd = std::move(*made);
    const int on = 1;
    if (peer.is_ip()) ::setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    // Without a cookie of the server, or with an old kernel: an ordinary handshake.
    if (target.fast_open && peer.is_ip())
        ::setsockopt(fd.get(), IPPROTO_TCP, TCP_FASTOPEN_CONNECT, &on, sizeof(on));
    if (!target.source.empty())
        if (auto bound = bind_source(fd.get(), target, peer); !bound) return std::unexpected(bound.error());
    if (target.keep_alive != nullptr && target.keep_alive->on)
        net::set_keep_alive(fd.get(), *target.keep_alive);
    if (target.mark >= 0 || target.tos >= 0) set_packet_options(fd.get(), target, peer);
    if (target.nolinger) net::reset_on_close(fd.get());
    int result = 0;
    do {
        result = ::connect(fd.get(), peer.data(), peer.size());
    } while (result != 0 && errno == EINTR);
    if (result != 0 && errno != EINPROGRESS) return common::fail_errno("cannot connect");
    return fd;
}

// A port of a range may be in use towards this server, which only connect() finds out.
common::Result<common::UniqueFd> start(const ConnectTarget& target) {
    auto fd = start_once(target);
    int left = target.outgoing != nullptr ? target.outgoing->ports() : 0;
    while (!fd && fd.error().code == EADDRNOTAVAIL && --left > 0) fd = start_once(target);
    return fd;
}

// Asks the SOCKS server for the way to the target. Its answer is read byte for byte, as the server's own
// bytes may follow at once.
net::Task<ConnectOutcome> pass_socks(Waiter& waiter, const ConnectTarget& target, common::TimePoint deadline,
                                     ClientWatch& watch, net::Stream& stream) {
    const std::optional<std::string> request = socks4_request(target.address);
    if (!request) co_return failed(EAFNOSUPPORT);
    if (const int error = write_header(stream, *request); error != 0) co_return failed(error);
    std::array<char, kSocks4Answer> answer;
    std::size_t have = 0;
    while (have < answer.size()) {
        const net::IoResult read = stream.try_read(std::span(answer).subspan(have));
        if (read.ok()) {
            have += read.count;
            continue;
        }
        if (!read.would_block())
            co_return failed(read.kind == net::IoResult::Kind::end ? ECONNRESET : read.error);
        stream.arm_read();
        const Waiter::Bits bits = co_await waiter.wait(Waiter::kServerIn | watch.interest(), deadline);
        if (watch.left(bits)) co_return ended(Kind::client_gone);
        if ((bits & Waiter::kServerIn) == 0 && (bits & Waiter::kDeadline) != 0)
            co_return ended(Kind::timeout);
    }
    const int error = socks4_error({answer.data(), answer.size()});
    if (error != 0) co_return failed(error);
    co_return ended(Kind::connected);
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
    if (target.socks != nullptr) {
        const ConnectOutcome passed = co_await pass_socks(waiter, target, deadline, watch, stream);
        if (passed.kind != Kind::connected) {
            stream.close();
            co_return passed;
        }
    }
    if (!target.proxy_header.empty()) {
        if (const int error = write_header(stream, target.proxy_header); error != 0) {
            stream.close();
            co_return failed(error);
        }
    }
    if (target.tls == nullptr) co_return ended(Kind::connected);
    ConnectOutcome outcome = co_await handshake(waiter, target, deadline, watch, stream);
    if (outcome.kind != Kind::connected) stream.close();
    co_return outcome;
}

}  // namespace proxyd::upstream
