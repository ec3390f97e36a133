#include "proxyd/upstream/outgoing.h"

#include <sys/socket.h>

#include "proxyd/rules/expression.h"

namespace proxyd::upstream {

using common::fail_errno;
using common::Result;
using common::UniqueFd;
using Foreign = SourceSettings::Foreign;

Outgoing::Outgoing(const ServerSettings& server)
    : source_(server.source),
      options_(server.socket),
      in_namespace_(!server.network_namespace.empty()),
      plain_(!in_namespace_ && options_ == net::SocketOptions() && source_.interface.empty() &&
             !has_ports() && !shows_foreign()) {
    if (!in_namespace_) return;
    if (auto opened = net::NetworkNamespace::open(server.network_namespace)) namespace_ = std::move(*opened);
}

Result<> Outgoing::reachable() const {
    if (in_namespace_ && namespace_ == nullptr) return common::fail("its network namespace cannot be opened");
    return {};
}

Result<UniqueFd> Outgoing::socket(const common::Endpoint& peer) const {
    constexpr int kType = SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC;
    if (auto can = reachable(); !can) return std::unexpected(can.error());
    UniqueFd fd;
    if (in_namespace_) {
        auto made = namespace_->socket(peer.family(), kType);
        if (!made) return made;
        fd = std::move(*made);
    } else {
        fd = UniqueFd(::socket(peer.family(), kType, 0));
        if (!fd) return fail_errno("cannot open a socket");
    }
    if (!peer.is_ip()) return fd;
    if (auto set = net::set_options(fd.get(), options_, peer); !set) return std::unexpected(set.error());
    const std::string& interface = source_.interface;
    if (!interface.empty() && ::setsockopt(fd.get(), SOL_SOCKET, SO_BINDTODEVICE, interface.c_str(),
                                           static_cast<socklen_t>(interface.size() + 1)) != 0)
        return fail_errno("cannot use the interface " + interface);
    return fd;
}

// Each attempt begins behind the port that was taken last. A port serves several servers at a time, so one
// that is in use towards this server is found by connect() only, and the attempt after that takes another.
Result<> Outgoing::bind_to_range(int fd, const common::Endpoint& own) const {
    const auto count = static_cast<unsigned>(ports());
    common::Endpoint address = own;
    for (unsigned i = 0; i < count; ++i) {
        const unsigned step = next_port_.fetch_add(1, std::memory_order_relaxed) % count;
        address.set_port(static_cast<std::uint16_t>(static_cast<unsigned>(source_.first_port) + step));
        if (::bind(fd, address.data(), address.size()) == 0) return {};
        if (errno != EADDRINUSE) break;
    }
    return fail_errno("cannot bind to " + address.to_string());
}

common::Endpoint Outgoing::foreign(const rules::Context& context) const {
    common::Endpoint address;
    rules::Sample sample;
    switch (source_.foreign) {
        case Foreign::none:
            break;
        case Foreign::address:
            return source_.foreign_address;
        case Foreign::client:
            return context.source.is_ip() ? context.source : address;
        case Foreign::client_without_port:
            if (!context.source.is_ip()) break;
            address = context.source;
            address.set_port(0);
            break;
        case Foreign::header:
            if (source_.header == nullptr || !source_.header->evaluate(context, sample)) break;
            if (rules::TextBuffer buffer; sample.is_address())
                if (const auto read = common::Endpoint::from_ip(rules::to_text(sample, buffer), 0))
                    return *read;
            break;
    }
    return address;
}

bool Outgoing::fits(int fd, const rules::Context& context) const {
    const common::Endpoint wanted = foreign(context);
    common::Endpoint shown;
    socklen_t size = common::Endpoint::capacity();
    if (wanted.empty() || ::getsockname(fd, shown.data(), &size) != 0) return false;
    shown.resize(size);
    if (wanted.port() == 0) shown.set_port(0);
    return shown == wanted;
}

bool Outgoing::differs_by_client() const {
    return source_.foreign != Foreign::none && source_.foreign != Foreign::address;
}

}  // namespace proxyd::upstream
