#include "vrrpd/io/network.h"

#include <linux/if_addr.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <netlink/cache.h>
#include <netlink/netlink.h>
#include <netlink/route/addr.h>
#include <netlink/route/link.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>

namespace vrrpd::io {
namespace {

using packet::Family;
using packet::IpAddress;

constexpr int kNotificationBuffer = 1 << 20;  // bytes; a flood beyond it means a new dump
constexpr std::uint32_t kForever = 0xffffffff;

struct Deleter {
    void operator()(nl_cache* cache) const { ::nl_cache_free(cache); }
    void operator()(nl_addr* address) const { ::nl_addr_put(address); }
    void operator()(rtnl_addr* address) const { ::rtnl_addr_put(address); }
};
template <class Object>
using Owned = std::unique_ptr<Object, Deleter>;

common::Error nl_error(const std::string& what, int code) {
    return {common::Side::system, code, false, what + ": " + ::nl_geterror(code)};
}

std::optional<IpAddress> to_address(nl_addr* address) {
    if (address == nullptr) return std::nullopt;
    const std::size_t size = ::nl_addr_get_len(address);
    if (size != 4 && size != 16) return std::nullopt;
    return IpAddress::from_bytes(
        {static_cast<const std::uint8_t*>(::nl_addr_get_binary_addr(address)), size});
}

Owned<nl_addr> to_nl(const IpAddress& address, int prefix) {
    const auto bytes = address.bytes();
    Owned<nl_addr> result(
        ::nl_addr_build(address.family() == Family::v4 ? AF_INET : AF_INET6, bytes.data(), bytes.size()));
    if (result) ::nl_addr_set_prefixlen(result.get(), prefix);
    return result;
}

Link to_link(rtnl_link* object) {
    const unsigned flags = ::rtnl_link_get_flags(object);
    Link link;
    link.index = ::rtnl_link_get_ifindex(object);
    link.name = ::rtnl_link_get_name(object) ? ::rtnl_link_get_name(object) : "";
    link.up = (flags & IFF_UP) && (flags & IFF_RUNNING);
    link.loopback = flags & IFF_LOOPBACK;
    nl_addr* mac = ::rtnl_link_get_addr(object);
    if (mac != nullptr && ::nl_addr_get_len(mac) == link.mac.size()) {
        std::memcpy(link.mac.data(), ::nl_addr_get_binary_addr(mac), link.mac.size());
    }
    return link;
}

std::optional<NodeAddress> to_node_address(rtnl_addr* object) {
    const auto local = to_address(::rtnl_addr_get_local(object));
    if (!local) return std::nullopt;
    return NodeAddress{::rtnl_addr_get_ifindex(object), *local,
                       static_cast<std::uint8_t>(::rtnl_addr_get_prefixlen(object))};
}

// Host bits of the network all set, or all zero.
IpAddress broadcast_of(const IpAddress& address, int prefix, bool ones) {
    std::array<std::uint8_t, 4> bytes{};
    std::ranges::copy(address.bytes(), bytes.begin());
    for (int bit = prefix; bit < 32; ++bit) {
        std::uint8_t& byte = bytes[static_cast<std::size_t>(bit / 8)];
        const auto mask = static_cast<std::uint8_t>(0x80 >> (bit % 8));
        byte = static_cast<std::uint8_t>(ones ? byte | mask : byte & ~mask);
    }
    return IpAddress::from_bytes(bytes);
}

// Everything virtual_ipaddress can say about an address, as one netlink object.
Owned<rtnl_addr> to_request(const config::AddressEntry& entry, int link) {
    Owned<rtnl_addr> request(::rtnl_addr_alloc());
    const Owned<nl_addr> local = to_nl(entry.address, entry.prefix);
    if (!request || !local) return nullptr;
    ::rtnl_addr_set_ifindex(request.get(), link);
    ::rtnl_addr_set_local(request.get(), local.get());
    ::rtnl_addr_set_prefixlen(request.get(), entry.prefix);
    if (entry.peer) {
        ::rtnl_addr_set_peer(request.get(), to_nl(*entry.peer, entry.prefix).get());
    }
    unsigned flags = 0;
    if (entry.address.family() == Family::v4) {
        ::rtnl_addr_set_scope(request.get(), entry.scope);
        if (!entry.label.empty()) ::rtnl_addr_set_label(request.get(), entry.label.c_str());
        if (entry.broadcast) ::rtnl_addr_set_broadcast(request.get(), to_nl(*entry.broadcast, 32).get());
        if ((entry.broadcast_auto || entry.broadcast_zero) && entry.prefix < 31) {
            const IpAddress broadcast = broadcast_of(entry.address, entry.prefix, entry.broadcast_auto);
            ::rtnl_addr_set_broadcast(request.get(), to_nl(broadcast, 32).get());
        }
    } else {
        if (entry.nodad) flags |= IFA_F_NODAD;
        if (entry.home) flags |= IFA_F_HOMEADDRESS;
        if (entry.mngtmpaddr) flags |= IFA_F_MANAGETEMPADDR;
    }
    if (entry.noprefixroute) flags |= IFA_F_NOPREFIXROUTE;
    if (entry.autojoin) flags |= IFA_F_MCAUTOJOIN;
    if (flags != 0) ::rtnl_addr_set_flags(request.get(), flags);
    // A host address should not be chosen as source by this node: deprecated, as keepalived has it.
    std::optional<std::uint32_t> preferred = entry.preferred_lifetime;
    if (!preferred && entry.address.family() == Family::v6 && entry.prefix == 128) preferred = 0;
    if (preferred) {
        ::rtnl_addr_set_valid_lifetime(request.get(), kForever);
        ::rtnl_addr_set_preferred_lifetime(request.get(), *preferred);
    }
    return request;
}

}  // namespace

void Network::SocketDeleter::operator()(nl_sock* socket) const {
    ::nl_socket_free(socket);
}
Network::~Network() = default;

common::Result<std::unique_ptr<Network>> Network::open() {
    std::unique_ptr<Network> network(new Network);
    if (auto done = network->connect(); !done) return std::unexpected(done.error());
    auto links = network->dump_links();
    if (!links) return std::unexpected(links.error());
    auto addresses = network->dump_addresses();
    if (!addresses) return std::unexpected(addresses.error());
    network->links_ = std::move(*links);
    network->addresses_ = std::move(*addresses);
    return network;
}

common::Result<> Network::connect() {
    requests_.reset(::nl_socket_alloc());
    notifications_.reset(::nl_socket_alloc());
    if (!requests_ || !notifications_) return common::fail("cannot allocate netlink sockets");
    nl_sock* listener = notifications_.get();
    ::nl_socket_disable_seq_check(listener);
    ::nl_socket_modify_cb(listener, NL_CB_VALID, NL_CB_CUSTOM, &Network::on_message, this);
    for (nl_sock* socket : {requests_.get(), listener}) {
        if (const int code = ::nl_connect(socket, NETLINK_ROUTE); code < 0) {
            return std::unexpected(nl_error("cannot open a netlink socket", code));
        }
    }
    const int joined =
        ::nl_socket_add_memberships(listener, RTNLGRP_LINK, RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV6_IFADDR, 0);
    if (joined < 0) return std::unexpected(nl_error("cannot subscribe to netlink notifications", joined));
    ::nl_socket_set_nonblocking(listener);
    ::nl_socket_set_buffer_size(listener, kNotificationBuffer, 0);
    return {};
}

int Network::fd() const {
    return ::nl_socket_get_fd(notifications_.get());
}

std::vector<NetworkChange> Network::receive() {
    changes_.clear();
    for (int code = 0; code != -NLE_AGAIN;) {
        code = ::nl_recvmsgs_default(notifications_.get());
        // NLE_NOMEM is ENOBUFS here; whatever else went wrong, a new picture is the cure as well.
        if (code < 0 && code != -NLE_AGAIN && code != -NLE_INTR) {
            resync();
            break;
        }
    }
    return std::move(changes_);
}

int Network::on_message(nl_msg* message, void* self) {
    const int type = ::nlmsg_hdr(message)->nlmsg_type;
    Network& network = *static_cast<Network*>(self);
    network.removing_ = type == RTM_DELLINK || type == RTM_DELADDR;
    if (type == RTM_DELROUTE || type == RTM_DELRULE) {
        network.on_route_message(message);
    } else if (type <= RTM_DELADDR) {
        ::nl_msg_parse(message, &Network::on_object, self);
    }
    return NL_OK;
}

void Network::on_object(nl_object* object, void* self) {
    Network& network = *static_cast<Network*>(self);
    const std::string_view type = ::nl_object_get_type(object);
    if (type == "route/link") {
        // Deletions of a bridge port come as AF_BRIDGE messages while the link stays.
        auto* link = reinterpret_cast<rtnl_link*>(object);
        if (::rtnl_link_get_family(link) == AF_UNSPEC)
            network.apply(LinkChange{to_link(link), network.removing_});
    } else if (type == "route/addr") {
        const auto address = to_node_address(reinterpret_cast<rtnl_addr*>(object));
        if (address) network.apply(AddressChange{*address, !network.removing_});
    }
}

void Network::apply(LinkChange change) {
    const auto known = std::ranges::find(links_, change.link.index, &Link::index);
    if (change.gone) {
        if (known == links_.end()) return;
        change.link.up = false;
        links_.erase(known);
        std::erase_if(addresses_, [&](const NodeAddress& a) { return a.link == change.link.index; });
    } else if (known == links_.end()) {
        links_.push_back(change.link);
        change.fresh = true;
    } else if (*known == change.link) {
        return;
    } else {
        *known = change.link;
    }
    changes_.push_back(std::move(change));
}

void Network::apply(AddressChange change) {
    const auto known = std::ranges::find(addresses_, change.address);
    if (change.present == (known != addresses_.end())) return;
    if (change.present) {
        addresses_.push_back(change.address);
    } else {
        addresses_.erase(known);
    }
    changes_.push_back(change);
}

void Network::resync() {
    const auto links = dump_links();
    const auto addresses = dump_addresses();
    if (!links || !addresses) return;  // the next notification tries again
    for (const NodeAddress& old : std::vector(addresses_)) {
        if (std::ranges::find(*addresses, old) == addresses->end()) apply(AddressChange{old, false});
    }
    for (const Link& old : std::vector(links_)) {
        if (std::ranges::find(*links, old.index, &Link::index) == links->end()) apply(LinkChange{old, true});
    }
    for (const Link& link : *links) apply(LinkChange{link, false});
    for (const NodeAddress& address : *addresses) apply(AddressChange{address, true});
    addresses_ = *addresses;                              // the kernel's order
    if (watches_routes_) changes_.push_back(RuleGone{});  // perhaps: whoever has some sets what is missing
}

common::Result<std::vector<Link>> Network::dump_links() const {
    nl_cache* raw = nullptr;
    if (const int code = ::rtnl_link_alloc_cache(requests_.get(), AF_UNSPEC, &raw); code < 0) {
        return std::unexpected(nl_error("cannot list the network interfaces", code));
    }
    const Owned<nl_cache> cache(raw);
    std::vector<Link> links;
    for (nl_object* object = ::nl_cache_get_first(raw); object; object = ::nl_cache_get_next(object)) {
        links.push_back(to_link(reinterpret_cast<rtnl_link*>(object)));
    }
    return links;
}

common::Result<std::vector<NodeAddress>> Network::dump_addresses() const {
    nl_cache* raw = nullptr;
    if (const int code = ::rtnl_addr_alloc_cache(requests_.get(), &raw); code < 0) {
        return std::unexpected(nl_error("cannot list the addresses", code));
    }
    const Owned<nl_cache> cache(raw);
    std::vector<NodeAddress> addresses;
    for (nl_object* object = ::nl_cache_get_first(raw); object; object = ::nl_cache_get_next(object)) {
        const auto address = to_node_address(reinterpret_cast<rtnl_addr*>(object));
        if (address) addresses.push_back(*address);
    }
    return addresses;
}

const Link* Network::find(std::string_view name) const {
    const auto found = std::ranges::find(links_, name, &Link::name);
    return found == links_.end() ? nullptr : &*found;
}

const Link* Network::find(int index) const {
    const auto found = std::ranges::find(links_, index, &Link::index);
    return found == links_.end() ? nullptr : &*found;
}

bool Network::is_set(const IpAddress& address, int link) const {
    const auto addresses = dump_addresses();
    return addresses && std::ranges::any_of(*addresses, [&](const NodeAddress& known) {
               return known.link == link && known.address == address;
           });
}

common::Result<bool> Network::add(const config::AddressEntry& entry, int link) {
    const Owned<rtnl_addr> request = to_request(entry, link);
    if (!request) return common::fail("out of memory");
    const int code = ::rtnl_addr_add(requests_.get(), request.get(), NLM_F_CREATE | NLM_F_EXCL);
    if (code == -NLE_EXIST) return false;
    if (code < 0) return std::unexpected(nl_error("cannot set " + entry.address.to_string(), code));
    return true;
}

common::Result<> Network::remove(const config::AddressEntry& entry, int link) {
    const Owned<rtnl_addr> request(::rtnl_addr_alloc());
    const Owned<nl_addr> local = to_nl(entry.address, entry.prefix);
    if (!request || !local) return common::fail("out of memory");
    ::rtnl_addr_set_ifindex(request.get(), link);
    ::rtnl_addr_set_local(request.get(), local.get());
    ::rtnl_addr_set_prefixlen(request.get(), entry.prefix);
    // The kernel's key of a point-to-point address is its far end.
    if (entry.peer) ::rtnl_addr_set_peer(request.get(), to_nl(*entry.peer, entry.prefix).get());
    const int code = ::rtnl_addr_delete(requests_.get(), request.get(), 0);
    if (code < 0 && code != -NLE_NOADDR && code != -NLE_NODEV && code != -NLE_OBJ_NOTFOUND) {
        return std::unexpected(nl_error("cannot remove " + entry.address.to_string(), code));
    }
    return {};
}

}  // namespace vrrpd::io
