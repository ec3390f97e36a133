// The macvlan interfaces of use_vmac. The other parts: network.cpp, network_routes.cpp.
#include <linux/if_link.h>
#include <net/if.h>
#include <netlink/errno.h>
#include <netlink/route/link.h>
#include <netlink/route/link/macvlan.h>

#include <algorithm>
#include <fstream>

#include "vrrpd/io/network.h"

namespace vrrpd::io {
namespace {

// The kernel keeps this with the interface: how a later life knows that a former one made it.
constexpr const char* kMark = "vrrpd";

struct LinkDeleter {
    void operator()(rtnl_link* link) const { ::rtnl_link_put(link); }
    void operator()(nl_addr* address) const { ::nl_addr_put(address); }
};
using OwnedLink = std::unique_ptr<rtnl_link, LinkDeleter>;
using OwnedAddress = std::unique_ptr<nl_addr, LinkDeleter>;

OwnedLink look_up(nl_sock* socket, const std::string& name) {
    rtnl_link* link = nullptr;
    if (::rtnl_link_get_kernel(socket, 0, name.c_str(), &link) < 0) return nullptr;
    return OwnedLink(link);
}

bool is_ours(rtnl_link* link) {
    const char* mark = ::rtnl_link_get_ifalias(link);
    return mark != nullptr && std::string_view(mark) == kMark && ::rtnl_link_is_macvlan(link);
}

bool fits(rtnl_link* link, int base, const packet::MacAddress& mac) {
    nl_addr* address = ::rtnl_link_get_addr(link);
    return ::rtnl_link_get_link(link) == base && address != nullptr &&
           ::nl_addr_get_len(address) == mac.size() &&
           std::equal(mac.begin(), mac.end(),
                      static_cast<const std::uint8_t*>(::nl_addr_get_binary_addr(address)));
}

// Not to be said in the request: the kernel wants them between making it and setting it up.
void prepare_ipv6(const std::string& name, packet::Family family) {
    const std::string folder = "/proc/sys/net/ipv6/conf/" + name + "/";
    const auto write = [&](const char* key, int value) { std::ofstream(folder + key) << value; };
    // An IPv4 router has no business with IPv6 there; an IPv6 one gets its addresses from us alone.
    write("disable_ipv6", family == packet::Family::v4 ? 1 : 0);
    write("addr_gen_mode", 1);
    write("accept_dad", 0);
    write("accept_ra", 0);
    write("autoconf", 0);
}

}  // namespace

common::Result<bool> Network::ensure_macvlan(const std::string& name, const std::string& base,
                                             const packet::MacAddress& mac, packet::Family family) {
    const Link* below = find(base);
    if (below == nullptr) return common::fail("interface " + base + " does not exist");
    const int base_index = below->index;
    const auto failed = [&](const std::string& what, int code) {
        return common::fail(what + " " + name + ": " + ::nl_geterror(code));
    };
    OwnedLink known = look_up(requests_.get(), name);
    bool made = false;
    if (known && !is_ours(known.get())) return common::fail("interface " + name + " exists and is not ours");
    if (known && !fits(known.get(), base_index, mac)) {
        ::rtnl_link_delete(requests_.get(), known.get());
        known.reset();
    }
    if (!known) {
        const OwnedLink fresh(::rtnl_link_macvlan_alloc());
        const OwnedAddress address(::nl_addr_build(AF_LLC, mac.data(), mac.size()));
        if (!fresh || !address) return common::fail("out of memory");
        ::rtnl_link_set_name(fresh.get(), name.c_str());
        ::rtnl_link_set_link(fresh.get(), base_index);
        ::rtnl_link_set_addr(fresh.get(), address.get());
        // Private: routers on one node do not hear each other through it.
        ::rtnl_link_macvlan_set_mode(fresh.get(), MACVLAN_MODE_PRIVATE);
        if (const int code = ::rtnl_link_add(requests_.get(), fresh.get(), NLM_F_CREATE | NLM_F_EXCL);
            code < 0)
            return failed("cannot make", code);
        made = true;
    }
    prepare_ipv6(name, family);
    known = look_up(requests_.get(), name);
    const OwnedLink change(::rtnl_link_alloc());
    if (!known || !change) return common::fail("cannot find " + name);
    ::rtnl_link_set_flags(change.get(), IFF_UP);
    ::rtnl_link_set_ifalias(change.get(), kMark);
    if (const int code = ::rtnl_link_change(requests_.get(), known.get(), change.get(), 0); code < 0)
        return failed("cannot set up", code);
    // Known from now on, not only when its notification is read.
    known = look_up(requests_.get(), name);
    if (known) on_object(reinterpret_cast<nl_object*>(known.get()), this);
    return made;
}

std::vector<std::string> Network::our_macvlans() const {
    std::vector<std::string> names;
    for (const Link& link : links_) {
        const OwnedLink known = look_up(requests_.get(), link.name);
        if (known && is_ours(known.get())) names.push_back(link.name);
    }
    return names;
}

void Network::remove_macvlan(const std::string& name) {
    const OwnedLink known = look_up(requests_.get(), name);
    if (known && is_ours(known.get())) ::rtnl_link_delete(requests_.get(), known.get());
}

}  // namespace vrrpd::io
