#include "vrrpd/io/announcer.h"

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <sys/socket.h>

#include <fstream>
#include <span>

#include "vrrpd/packet/arp.h"

namespace vrrpd::io {
namespace {

// Whether this node routes IPv6 on the link: then its neighbour advertisements say so.
bool forwards_v6(const std::string& interface) {
    std::ifstream in("/proc/sys/net/ipv6/conf/" + interface + "/forwarding");
    int value = 0;
    return (in >> value) && value != 0;
}

}  // namespace

common::Result<Announcer> Announcer::open() {
    Announcer announcer;
    // Protocol 0: frames are only sent.
    announcer.socket_.reset(::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!announcer.socket_) return common::fail_errno("cannot open a packet socket for gratuitous ARP");
    return announcer;
}

common::Result<> Announcer::announce(const packet::IpAddress& address, const Link& link) const {
    const bool v4 = address.family() == packet::Family::v4;
    sockaddr_ll to{};
    to.sll_family = AF_PACKET;
    to.sll_ifindex = link.index;
    to.sll_protocol = htons(v4 ? ETH_P_ARP : ETH_P_IPV6);
    const auto send = [&](std::span<const std::uint8_t> frame) -> common::Result<> {
        const auto* target = reinterpret_cast<const sockaddr*>(&to);
        if (::sendto(socket_.get(), frame.data(), frame.size(), MSG_NOSIGNAL, target, sizeof to) < 0) {
            return common::fail_errno("cannot announce " + address.to_string() + " on " + link.name);
        }
        return {};
    };
    if (v4) return send(packet::gratuitous_arp(link.mac, address));
    return send(packet::unsolicited_neighbour_advert(link.mac, address, forwards_v6(link.name)));
}

}  // namespace vrrpd::io
