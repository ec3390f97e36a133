// Routes and rules of the node. The other half: network.cpp.
#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>

#include <cerrno>
#include <cstring>

#include "vrrpd/io/network.h"
#include "vrrpd/io/route_message.h"

namespace vrrpd::io {
namespace {

// The kernel's own error number: libnl's translation has no word for most of them.
int note_error(sockaddr_nl*, nlmsgerr* answer, void* out) {
    *static_cast<int*>(out) = -answer->error;
    return NL_STOP;
}

}  // namespace

int Network::exchange(nl_msg* message) {
    int error = 0;
    ::nl_socket_modify_err_cb(requests_.get(), NL_CB_CUSTOM, note_error, &error);
    const int code = ::nl_send_sync(requests_.get(), message);  // frees the message
    ::nl_socket_modify_err_cb(requests_.get(), NL_CB_DEFAULT, nullptr, nullptr);
    if (code >= 0) return 0;
    return error != 0 ? error : EIO;
}

int Network::index_of(const std::string& name) const {
    const Link* link = find(name);
    return link == nullptr ? 0 : link->index;
}

common::Result<bool> Network::add(const config::RouteEntry& route) {
    auto message =
        route_message(route, Request::set, [this](const std::string& name) { return index_of(name); });
    if (!message) return std::unexpected(message.error());
    const int error = exchange(message->release());
    if (error == EEXIST) return false;
    if (error != 0) return common::fail("cannot set route " + route.text + ": " + std::strerror(error));
    return true;
}

common::Result<> Network::remove(const config::RouteEntry& route) {
    auto message =
        route_message(route, Request::remove, [this](const std::string& name) { return index_of(name); });
    if (!message) return {};  // without its interface it is gone
    const int error = exchange(message->release());
    if (error == 0 || error == ESRCH || error == ENOENT || error == ENODEV) return {};
    return common::fail("cannot remove route " + route.text + ": " + std::strerror(error));
}

common::Result<bool> Network::add(const config::RuleEntry& rule) {
    auto message = rule_message(rule, Request::set);
    if (!message) return std::unexpected(message.error());
    const int error = exchange(message->release());
    if (error == EEXIST) return false;
    if (error != 0) return common::fail("cannot set rule " + rule.text + ": " + std::strerror(error));
    return true;
}

common::Result<> Network::remove(const config::RuleEntry& rule) {
    auto message = rule_message(rule, Request::remove);
    if (!message) return std::unexpected(message.error());
    const int error = exchange(message->release());
    if (error == 0 || error == ESRCH || error == ENOENT) return {};
    return common::fail("cannot remove rule " + rule.text + ": " + std::strerror(error));
}

common::Result<> Network::watch_routes() {
    if (watches_routes_) return {};
    const int joined =
        ::nl_socket_add_memberships(notifications_.get(), RTNLGRP_IPV4_ROUTE, RTNLGRP_IPV6_ROUTE,
                                    RTNLGRP_IPV4_RULE, RTNLGRP_IPV6_RULE, 0);
    if (joined < 0) return common::fail("cannot subscribe to routes: " + std::string(::nl_geterror(joined)));
    watches_routes_ = true;
    return {};
}

// Only that one is gone is of interest, and which destination it had: the answer is to set what is missing.
void Network::on_route_message(nl_msg* message) {
    nlmsghdr* header = ::nlmsg_hdr(message);
    if (header->nlmsg_type == RTM_DELRULE) {
        changes_.push_back(RuleGone{});
        return;
    }
    if (header->nlmsg_type != RTM_DELROUTE || ::nlmsg_datalen(header) < static_cast<int>(sizeof(rtmsg)))
        return;
    const auto* route = static_cast<const rtmsg*>(::nlmsg_data(header));
    const std::size_t size = route->rtm_family == AF_INET6 ? 16 : 4;
    RouteGone gone;
    gone.length = route->rtm_dst_len;
    const std::array<std::uint8_t, 16> zero{};
    gone.destination = packet::IpAddress::from_bytes(std::span(zero).first(size));
    nlattr* destination = ::nlmsg_find_attr(header, sizeof(rtmsg), RTA_DST);
    if (destination != nullptr && ::nla_len(destination) == static_cast<int>(size)) {
        gone.destination =
            packet::IpAddress::from_bytes({static_cast<const std::uint8_t*>(::nla_data(destination)), size});
    }
    changes_.push_back(gone);
}

}  // namespace vrrpd::io
