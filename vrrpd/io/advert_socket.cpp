#include "vrrpd/io/advert_socket.h"

#include <linux/filter.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>

namespace vrrpd::io {
namespace {

using common::fail_errno;
using packet::Family;
using packet::IpAddress;

constexpr std::size_t kPacketSize = 4096;  // the longest v3 IPv6 advert has 8 + 255 * 16 bytes
constexpr int kReceiveBuffer = 512 * 1024;
constexpr int kControlPriority = 6;  // TC_PRIO_INTERACTIVE..CONTROL band of pfifo_fast
#ifndef IPV6_MULTICAST_ALL
constexpr int IPV6_MULTICAST_ALL = 29;
#endif

// One socket option that must hold.
struct Option {
    int level, name, value;
    const char* text;
};

common::Result<> apply(int fd, std::span<const Option> options) {
    for (const Option& option : options) {
        if (::setsockopt(fd, option.level, option.name, &option.value, sizeof option.value) < 0) {
            return fail_errno(std::string("cannot set ") + option.text + " on the advert socket");
        }
    }
    return {};
}

constexpr Option kReceive4[] = {
    // Only the groups joined by this very socket.
    {IPPROTO_IP, IP_MULTICAST_ALL, 0, "IP_MULTICAST_ALL"},
};
constexpr Option kReceive6[] = {
    {IPPROTO_IPV6, IPV6_MULTICAST_ALL, 0, "IPV6_MULTICAST_ALL"},
    {IPPROTO_IPV6, IPV6_RECVPKTINFO, 1, "IPV6_RECVPKTINFO"},
    {IPPROTO_IPV6, IPV6_RECVHOPLIMIT, 1, "IPV6_RECVHOPLIMIT"},
};
constexpr Option kSend4[] = {
    {IPPROTO_IP, IP_MULTICAST_LOOP, 0, "IP_MULTICAST_LOOP"},
    {IPPROTO_IP, IP_MULTICAST_TTL, packet::kVrrpTtl, "IP_MULTICAST_TTL"},
    {IPPROTO_IP, IP_TOS, packet::kVrrpTos, "IP_TOS"},
    {SOL_SOCKET, SO_PRIORITY, kControlPriority, "SO_PRIORITY"},
};
constexpr Option kSend6[] = {
    {IPPROTO_IPV6, IPV6_MULTICAST_LOOP, 0, "IPV6_MULTICAST_LOOP"},
    {IPPROTO_IPV6, IPV6_MULTICAST_HOPS, packet::kVrrpTtl, "IPV6_MULTICAST_HOPS"},
    {IPPROTO_IPV6, IPV6_TCLASS, packet::kVrrpTos, "IPV6_TCLASS"},
    {SOL_SOCKET, SO_PRIORITY, kControlPriority, "SO_PRIORITY"},
};

common::Result<common::UniqueFd> raw_socket(Family family, const std::string& interface) {
    const int domain = family == Family::v4 ? AF_INET : AF_INET6;
    common::UniqueFd fd(::socket(domain, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, packet::kVrrpProtocol));
    if (!fd) return fail_errno("cannot open a raw socket for adverts");
    const auto size = static_cast<socklen_t>(interface.size());
    if (::setsockopt(fd.get(), SOL_SOCKET, SO_BINDTODEVICE, interface.data(), size) < 0) {
        return fail_errno("cannot bind the advert socket to " + interface);
    }
    return fd;
}

// A raw socket of the protocol receives everything; the sender must not hoard it.
common::Result<> refuse_everything(int fd) {
    sock_filter drop = BPF_STMT(BPF_RET | BPF_K, 0);
    const sock_fprog program{1, &drop};
    if (::setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program) < 0) {
        return fail_errno("cannot attach a filter to the advert socket");
    }
    return {};
}

socklen_t fill(sockaddr_storage& out, const IpAddress& address, int index) {
    const auto bytes = address.bytes();
    if (address.family() == Family::v4) {
        auto& v4 = reinterpret_cast<sockaddr_in&>(out);
        v4 = {};
        v4.sin_family = AF_INET;
        std::memcpy(&v4.sin_addr, bytes.data(), bytes.size());
        return sizeof v4;
    }
    auto& v6 = reinterpret_cast<sockaddr_in6&>(out);
    v6 = {};
    v6.sin6_family = AF_INET6;
    std::memcpy(&v6.sin6_addr, bytes.data(), bytes.size());
    v6.sin6_scope_id = static_cast<std::uint32_t>(index);
    return sizeof v6;
}

// Appends one control message to `message`, whose buffer is large enough.
template <class Value>
void add_control(msghdr& message, int level, int type, const Value& value) {
    auto* header =
        reinterpret_cast<cmsghdr*>(static_cast<char*>(message.msg_control) + message.msg_controllen);
    header->cmsg_level = level;
    header->cmsg_type = type;
    header->cmsg_len = CMSG_LEN(sizeof value);
    std::memcpy(CMSG_DATA(header), &value, sizeof value);
    message.msg_controllen += CMSG_SPACE(sizeof value);
}

}  // namespace

common::Result<AdvertSocket> AdvertSocket::open(Family family, const std::string& interface, int index) {
    AdvertSocket result;
    result.family_ = family;
    result.interface_ = interface;
    result.index_ = index;
    result.buffer_.resize(kPacketSize);
    auto receiver = raw_socket(family, interface);
    if (!receiver) return std::unexpected(receiver.error());
    auto sender = raw_socket(family, interface);
    if (!sender) return std::unexpected(sender.error());
    if (auto done = refuse_everything(sender->get()); !done) return std::unexpected(done.error());
    const bool v4 = family == Family::v4;
    if (auto done = apply(receiver->get(), v4 ? std::span<const Option>(kReceive4) : kReceive6); !done) {
        return std::unexpected(done.error());
    }
    if (auto done = apply(sender->get(), v4 ? std::span<const Option>(kSend4) : kSend6); !done) {
        return std::unexpected(done.error());
    }
    const ip_mreqn out{{}, {}, index};
    const int set = v4 ? ::setsockopt(sender->get(), IPPROTO_IP, IP_MULTICAST_IF, &out, sizeof out)
                       : ::setsockopt(sender->get(), IPPROTO_IPV6, IPV6_MULTICAST_IF, &index, sizeof index);
    if (set < 0) return fail_errno("cannot send multicast on " + interface);
    // As much as a burst of many instances needs, whatever the system's default is.
    if (::setsockopt(receiver->get(), SOL_SOCKET, SO_RCVBUFFORCE, &kReceiveBuffer, sizeof kReceiveBuffer) <
        0) {
        ::setsockopt(receiver->get(), SOL_SOCKET, SO_RCVBUF, &kReceiveBuffer, sizeof kReceiveBuffer);
    }
    result.receiver_ = std::move(*receiver);
    result.sender_ = std::move(*sender);
    return result;
}

common::Result<> AdvertSocket::join(const IpAddress& group) {
    if (!group.is_multicast() || std::ranges::find(groups_, group) != groups_.end()) return {};
    const auto bytes = group.bytes();
    int joined = 0;
    if (family_ == Family::v4) {
        ip_mreqn request{{}, {}, index_};
        std::memcpy(&request.imr_multiaddr, bytes.data(), bytes.size());
        joined = ::setsockopt(receiver_.get(), IPPROTO_IP, IP_ADD_MEMBERSHIP, &request, sizeof request);
    } else {
        ipv6_mreq request{{}, static_cast<unsigned>(index_)};
        std::memcpy(&request.ipv6mr_multiaddr, bytes.data(), bytes.size());
        joined = ::setsockopt(receiver_.get(), IPPROTO_IPV6, IPV6_JOIN_GROUP, &request, sizeof request);
    }
    if (joined < 0 && errno != EADDRINUSE)
        return fail_errno("cannot join " + group.to_string() + " on " + interface_);
    groups_.push_back(group);
    return {};
}

common::Result<> AdvertSocket::send(std::span<const std::uint8_t> payload, const IpAddress& source,
                                    const IpAddress& destination, int ttl) const {
    sockaddr_storage to;
    const socklen_t to_size = fill(to, destination, index_);
    iovec part{const_cast<std::uint8_t*>(payload.data()), payload.size()};
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof(in6_pktinfo)) + CMSG_SPACE(sizeof(int))] = {};
    msghdr message{&to, to_size, &part, 1, control, 0, 0};
    if (family_ == Family::v4) {
        in_pktinfo info{index_, {}, {}};
        std::memcpy(&info.ipi_spec_dst, source.bytes().data(), 4);
        add_control(message, IPPROTO_IP, IP_PKTINFO, info);
        if (!destination.is_multicast()) add_control(message, IPPROTO_IP, IP_TTL, ttl);
    } else {
        in6_pktinfo info{{}, static_cast<unsigned>(index_)};
        std::memcpy(&info.ipi6_addr, source.bytes().data(), 16);
        add_control(message, IPPROTO_IPV6, IPV6_PKTINFO, info);
        if (!destination.is_multicast()) add_control(message, IPPROTO_IPV6, IPV6_HOPLIMIT, ttl);
    }
    if (::sendmsg(sender_.get(), &message, MSG_NOSIGNAL) < 0) {
        return fail_errno("cannot send an advert on " + interface_);
    }
    return {};
}

bool AdvertSocket::receive(packet::Datagram& datagram) {
    for (bool usable = false; receive_one(datagram, usable);) {
        if (usable) return true;
    }
    return false;
}

// False when the socket is empty. `usable` is false for a packet whose headers make no sense.
bool AdvertSocket::receive_one(packet::Datagram& datagram, bool& usable) {
    sockaddr_in6 from{};
    iovec part{buffer_.data(), buffer_.size()};
    alignas(cmsghdr) char control[256];
    msghdr message{&from, sizeof from, &part, 1, control, sizeof control, 0};
    const ssize_t size = ::recvmsg(receiver_.get(), &message, 0);
    if (size < 0) {
        usable = false;
        return errno == EINTR || errno == ENETDOWN;  // ENETDOWN is reported once and then cleared
    }
    const std::span<const std::uint8_t> bytes(buffer_.data(), static_cast<std::size_t>(size));
    if (family_ == Family::v4) {
        const auto split = packet::split_ipv4(bytes);
        usable = split.has_value();
        if (usable) datagram = *split;
        return true;
    }
    datagram = {};
    datagram.payload = bytes;
    datagram.source = IpAddress::from_bytes({from.sin6_addr.s6_addr, 16});
    for (cmsghdr* header = CMSG_FIRSTHDR(&message); header; header = CMSG_NXTHDR(&message, header)) {
        if (header->cmsg_level != IPPROTO_IPV6) continue;
        if (header->cmsg_type == IPV6_HOPLIMIT) std::memcpy(&datagram.ttl, CMSG_DATA(header), sizeof(int));
        if (header->cmsg_type == IPV6_PKTINFO) {
            in6_pktinfo info;
            std::memcpy(&info, CMSG_DATA(header), sizeof info);
            datagram.destination = IpAddress::from_bytes({info.ipi6_addr.s6_addr, 16});
        }
    }
    usable = true;
    return true;
}

}  // namespace vrrpd::io
