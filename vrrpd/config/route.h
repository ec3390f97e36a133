// Lines of virtual_routes, static_routes, virtual_rules and static_rules as values: the words of ip-route(8)
// and ip-rule(8) that keepalived.conf takes. Numbers are the kernel's (<linux/rtnetlink.h>,
// <linux/fib_rules.h>). Interfaces stay names: they may come and go.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/diagnostics.h"
#include "vrrpd/packet/address.h"

namespace vrrpd::config {

struct Prefix {
    packet::IpAddress address;
    std::uint8_t length = 0;
    bool operator==(const Prefix&) const = default;
};

inline constexpr std::uint8_t kProtocolKeepalived =
    18;  // RTPROT_KEEPALIVED: whose routes and rules these are
inline constexpr std::uint32_t kTableMain = 254, kTableLocal = 255;
inline constexpr std::size_t kRouteMetrics = 18;  // RTAX_MTU and its like, by number

struct NextHop {
    std::optional<packet::IpAddress> gateway;
    std::string device;
    int weight = 1;  // 1 to 256
    bool onlink = false;
    std::uint32_t realms = 0;
    bool operator==(const NextHop&) const = default;
};

enum class RouteAction : unsigned char { prepend, append, add };

struct RouteEntry {
    packet::Family family = packet::Family::v4;
    std::uint8_t type = 1;  // RTN_UNICAST
    Prefix destination;
    std::optional<Prefix> from;  // IPv6: packets of this source only
    std::optional<packet::IpAddress> source;
    std::uint32_t table = kTableMain;
    std::uint8_t tos = 0, protocol = kProtocolKeepalived;
    std::optional<std::uint8_t> scope;  // not given: by type, as ip-route(8)
    std::optional<std::uint32_t> metric;
    std::optional<std::uint8_t> preference;  // IPv6 router preference (RFC 4191)
    std::optional<std::uint32_t> expires;    // seconds
    std::optional<bool> ttl_propagate;
    std::vector<NextHop> hops;  // several: multipath
    std::array<std::optional<std::uint32_t>, kRouteMetrics> metrics;
    std::uint32_t locked_metrics = 0;  // bit per number
    std::string congestion_control;
    RouteAction action = RouteAction::prepend;
    bool no_track = false;
    std::string track_group;
    std::string text;  // the line: its identity at a reload, and what messages say
    common::Location where;
};

// Pairs are first and last, ends included.
struct RuleEntry {
    packet::Family family = packet::Family::v4;
    std::uint8_t action = 1;  // FR_ACT_TO_TBL
    bool invert = false;      // `not`
    std::optional<Prefix> from, to;
    std::string in_device, out_device;
    std::uint8_t tos = 0;
    std::optional<std::uint32_t> mark, mask;
    std::uint32_t table = 0;  // 0: none (goto, nop, blackhole)
    std::uint32_t priority = 0;
    std::optional<std::uint32_t> target;  // `goto`
    std::uint32_t realms = 0;
    std::optional<std::uint32_t> suppress_prefix_length, suppress_group;
    bool l3mdev = false;
    std::optional<std::pair<std::uint32_t, std::uint32_t>> users;
    std::optional<std::uint8_t> ip_protocol;
    std::optional<std::pair<std::uint16_t, std::uint16_t>> source_ports, destination_ports;
    std::optional<std::uint64_t> tunnel;
    std::uint8_t protocol = kProtocolKeepalived;
    bool no_track = false;
    std::string track_group;
    std::string text;
    common::Location where;
};

}  // namespace vrrpd::config
