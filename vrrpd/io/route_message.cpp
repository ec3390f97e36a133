#include "vrrpd/io/route_message.h"

#include <arpa/inet.h>
#include <endian.h>
#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <sys/socket.h>

#include <bit>
#include <cstring>
#include <vector>

namespace vrrpd::io {
namespace {

using config::NextHop;
using config::Prefix;
using config::RouteEntry;
using config::RuleEntry;
using packet::Family;
using packet::IpAddress;

constexpr std::size_t kRoom = 4096;  // a route with 64 next hops has less

unsigned char family_number(Family family) {
    return family == Family::v4 ? AF_INET : AF_INET6;
}

void put_address(nl_msg* message, int attribute, const IpAddress& address) {
    const auto bytes = address.bytes();
    ::nla_put(message, attribute, static_cast<int>(bytes.size()), bytes.data());
}

template <class Value>
void put(nl_msg* message, int attribute, const Value& value) {
    ::nla_put(message, attribute, static_cast<int>(sizeof value), &value);
}

Message make(int type, int flags, const void* header, std::size_t size) {
    Message message(::nlmsg_alloc_size(kRoom));
    if (!message || !::nlmsg_put(message.get(), NL_AUTO_PORT, NL_AUTO_SEQ, type, 0, flags)) return nullptr;
    if (::nlmsg_append(message.get(), const_cast<void*>(header), size, NLMSG_ALIGNTO) < 0) return nullptr;
    return message;
}

// A gateway of the other family (IPv4 through an IPv6 router) has an attribute of its own.
void put_gateway(nl_msg* message, const IpAddress& gateway, Family family) {
    if (gateway.family() == family) return put_address(message, RTA_GATEWAY, gateway);
    const auto bytes = gateway.bytes();
    std::vector<std::uint8_t> via(sizeof(rtvia) + bytes.size());
    const sa_family_t number = family_number(gateway.family());
    std::memcpy(via.data(), &number, sizeof number);
    std::ranges::copy(bytes, via.begin() + sizeof(rtvia));
    ::nla_put(message, RTA_VIA, static_cast<int>(via.size()), via.data());
}

common::Result<int> index_of_hop(const NextHop& hop, const IndexOf& index_of) {
    if (hop.device.empty()) return 0;
    const int index = index_of(hop.device);
    if (index == 0) return common::fail("interface " + hop.device + " does not exist");
    return index;
}

// Next hops of a multipath route: each a header and attributes of its own, within one attribute.
common::Result<> put_hops(nl_msg* message, const RouteEntry& route, const IndexOf& index_of) {
    nlattr* all = ::nla_nest_start(message, RTA_MULTIPATH);
    for (const NextHop& hop : route.hops) {
        const auto index = index_of_hop(hop, index_of);
        if (!index) return std::unexpected(index.error());
        auto* header = static_cast<rtnexthop*>(::nlmsg_reserve(message, sizeof(rtnexthop), NLMSG_ALIGNTO));
        if (header == nullptr) return common::fail("too many next hops");
        *header = {};
        header->rtnh_hops = static_cast<unsigned char>(hop.weight - 1);
        header->rtnh_ifindex = *index;
        if (hop.onlink) header->rtnh_flags |= RTNH_F_ONLINK;
        if (hop.gateway) put_gateway(message, *hop.gateway, route.family);
        if (hop.realms != 0) ::nla_put_u32(message, RTA_FLOW, hop.realms);
        const auto* end = static_cast<const char*>(::nlmsg_tail(::nlmsg_hdr(message)));
        header->rtnh_len = static_cast<unsigned short>(end - reinterpret_cast<const char*>(header));
    }
    ::nla_nest_end(message, all);
    return {};
}

void put_metrics(nl_msg* message, const RouteEntry& route) {
    bool any = route.locked_metrics != 0 || !route.congestion_control.empty();
    for (const auto& metric : route.metrics) any = any || metric;
    if (!any) return;
    nlattr* all = ::nla_nest_start(message, RTA_METRICS);
    if (route.locked_metrics != 0) ::nla_put_u32(message, RTAX_LOCK, route.locked_metrics);
    for (std::size_t i = 0; i < route.metrics.size(); ++i) {
        if (route.metrics[i]) ::nla_put_u32(message, static_cast<int>(i), *route.metrics[i]);
    }
    if (!route.congestion_control.empty())
        ::nla_put_string(message, RTAX_CC_ALGO, route.congestion_control.c_str());
    ::nla_nest_end(message, all);
}

int flags_of(const RouteEntry& route, Request request) {
    if (request == Request::remove) return NLM_F_REQUEST;
    switch (route.action) {
        case config::RouteAction::prepend:
            return NLM_F_REQUEST | NLM_F_CREATE;
        case config::RouteAction::append:
            return NLM_F_REQUEST | NLM_F_CREATE | NLM_F_APPEND;
        case config::RouteAction::add:
            break;
    }
    return NLM_F_REQUEST | NLM_F_CREATE | NLM_F_EXCL;
}

void put_range(nl_msg* message, int attribute, const std::pair<std::uint16_t, std::uint16_t>& ports) {
    put(message, attribute, fib_rule_port_range{ports.first, ports.second});
}

}  // namespace

void MessageDeleter::operator()(nl_msg* message) const {
    ::nlmsg_free(message);
}

common::Result<Message> route_message(const RouteEntry& route, Request request, const IndexOf& index_of) {
    const bool single = route.hops.size() == 1;
    rtmsg header{};
    header.rtm_family = family_number(route.family);
    header.rtm_dst_len = route.destination.length;
    header.rtm_src_len = route.from ? route.from->length : 0;
    header.rtm_tos = route.tos;
    header.rtm_table = static_cast<unsigned char>(route.table < 256 ? route.table : RT_TABLE_UNSPEC);
    header.rtm_protocol = route.protocol;
    header.rtm_scope = route.scope.value_or(RT_SCOPE_UNIVERSE);
    header.rtm_type = route.type;
    if (single && route.hops.front().onlink) header.rtm_flags |= RTNH_F_ONLINK;

    Message made = make(request == Request::set ? RTM_NEWROUTE : RTM_DELROUTE, flags_of(route, request),
                        &header, sizeof header);
    if (!made) return common::fail("out of memory");
    nl_msg* message = made.get();
    if (route.destination.length > 0) put_address(message, RTA_DST, route.destination.address);
    if (route.from) put_address(message, RTA_SRC, route.from->address);
    if (route.source) put_address(message, RTA_PREFSRC, *route.source);
    ::nla_put_u32(message, RTA_TABLE, route.table);
    if (route.metric) ::nla_put_u32(message, RTA_PRIORITY, *route.metric);
    if (route.preference) ::nla_put_u8(message, RTA_PREF, *route.preference);
    if (route.expires && request == Request::set) ::nla_put_u32(message, RTA_EXPIRES, *route.expires);
    if (route.ttl_propagate) ::nla_put_u8(message, RTA_TTL_PROPAGATE, *route.ttl_propagate ? 1 : 0);
    put_metrics(message, route);
    if (single) {
        const NextHop& hop = route.hops.front();
        const auto index = index_of_hop(hop, index_of);
        if (!index) return std::unexpected(index.error());
        if (*index != 0) ::nla_put_u32(message, RTA_OIF, static_cast<std::uint32_t>(*index));
        if (hop.gateway) put_gateway(message, *hop.gateway, route.family);
        if (hop.realms != 0) ::nla_put_u32(message, RTA_FLOW, hop.realms);
    } else if (!route.hops.empty()) {
        if (auto done = put_hops(message, route, index_of); !done) return std::unexpected(done.error());
    }
    return made;
}

common::Result<Message> rule_message(const RuleEntry& rule, Request request) {
    fib_rule_hdr header{};
    header.family = family_number(rule.family);
    header.dst_len = rule.to ? rule.to->length : 0;
    header.src_len = rule.from ? rule.from->length : 0;
    header.tos = rule.tos;
    header.table = static_cast<std::uint8_t>(rule.table < 256 ? rule.table : RT_TABLE_UNSPEC);
    header.action = rule.action;
    if (rule.invert) header.flags |= FIB_RULE_INVERT;
    const int flags = request == Request::set ? NLM_F_REQUEST | NLM_F_CREATE | NLM_F_EXCL : NLM_F_REQUEST;
    Message made = make(request == Request::set ? RTM_NEWRULE : RTM_DELRULE, flags, &header, sizeof header);
    if (!made) return common::fail("out of memory");
    nl_msg* message = made.get();
    ::nla_put_u32(message, FRA_PRIORITY, rule.priority);
    if (rule.from && rule.from->length > 0) put_address(message, FRA_SRC, rule.from->address);
    if (rule.to && rule.to->length > 0) put_address(message, FRA_DST, rule.to->address);
    if (!rule.in_device.empty()) ::nla_put_string(message, FRA_IIFNAME, rule.in_device.c_str());
    if (!rule.out_device.empty()) ::nla_put_string(message, FRA_OIFNAME, rule.out_device.c_str());
    if (rule.mark) ::nla_put_u32(message, FRA_FWMARK, *rule.mark);
    if (rule.mask) ::nla_put_u32(message, FRA_FWMASK, *rule.mask);
    if (rule.table != 0) ::nla_put_u32(message, FRA_TABLE, rule.table);
    if (rule.target) ::nla_put_u32(message, FRA_GOTO, *rule.target);
    if (rule.realms != 0) ::nla_put_u32(message, FRA_FLOW, rule.realms);
    if (rule.suppress_prefix_length)
        ::nla_put_u32(message, FRA_SUPPRESS_PREFIXLEN, *rule.suppress_prefix_length);
    if (rule.suppress_group) ::nla_put_u32(message, FRA_SUPPRESS_IFGROUP, *rule.suppress_group);
    if (rule.l3mdev) ::nla_put_u8(message, FRA_L3MDEV, 1);
    if (rule.users) put(message, FRA_UID_RANGE, fib_rule_uid_range{rule.users->first, rule.users->second});
    if (rule.ip_protocol) ::nla_put_u8(message, FRA_IP_PROTO, *rule.ip_protocol);
    if (rule.source_ports) put_range(message, FRA_SPORT_RANGE, *rule.source_ports);
    if (rule.destination_ports) put_range(message, FRA_DPORT_RANGE, *rule.destination_ports);
    if (rule.tunnel) ::nla_put_u64(message, FRA_TUN_ID, htobe64(*rule.tunnel));
    ::nla_put_u8(message, FRA_PROTOCOL, rule.protocol);
    return made;
}

}  // namespace vrrpd::io
