// What tells the neighbours that an address has moved here: gratuitous ARP (RFC 826, RFC 5227) for IPv4,
// unsolicited neighbour advertisements (RFC 4861, 4.4) for IPv6.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "vrrpd/packet/address.h"

namespace vrrpd::packet {

inline constexpr std::size_t kArpFrameSize = 14 + 28;

// A whole Ethernet frame for AF_PACKET: broadcast ARP request, sender `mac` and `address`, target
// ff:ff:ff:ff:ff:ff and `address`. `address` is IPv4.
std::array<std::uint8_t, kArpFrameSize> gratuitous_arp(const MacAddress& mac, const IpAddress& address);

// A whole Ethernet frame: from `address` to ff02::1, hop limit 255, override flag, target link-layer option;
// the router flag when this node forwards. `address` is IPv6.
std::vector<std::uint8_t> unsolicited_neighbour_advert(const MacAddress& mac, const IpAddress& address,
                                                       bool router);

}  // namespace vrrpd::packet
