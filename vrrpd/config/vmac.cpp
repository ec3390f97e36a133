#include "vrrpd/config/vmac.h"

#include <algorithm>

namespace vrrpd::config {
namespace {

using packet::Family;

constexpr std::size_t kMaxInterfaceName = 15;

bool has_vmac(const Instance& instance, const std::string& name) {
    const std::vector<VmacLink> all = vmacs_of(instance);
    return std::ranges::find(all, name, &VmacLink::name) != all.end();
}

bool is_taken(const Config& config, const std::string& name) {
    return std::ranges::any_of(config.instances,
                               [&](const Instance& instance) { return has_vmac(instance, name); });
}

// As keepalived names them: PREFIX.VRID, PREFIX1.VRID, ..., of an IPv4 instance's IPv6 PREFIX6.VRID, ...
std::string address_vmac_name(const Config& config, const Instance& instance, Family family) {
    const Globals& globals = config.globals;
    const std::string& prefix =
        globals.vmac_addr_prefix.empty() ? globals.vmac_prefix : globals.vmac_addr_prefix;
    const std::string other = family == instance.family ? "" : family == Family::v6 ? "6" : "4";
    const std::string vrid = "." + std::to_string(instance.vrid);
    std::string name;
    for (int i = 0; name.empty() || has_vmac(instance, name) || is_taken(config, name); ++i) {
        const std::string tail = other + (i == 0 ? "" : std::to_string(i)) + vrid;
        name = prefix.substr(0, kMaxInterfaceName - tail.size()) + tail;
    }
    return name;
}

void settle(const Config& config, bool all, Instance& instance, AddressEntry& entry) {
    const bool wanted = entry.use_vmac || all;
    const bool elsewhere = !entry.device.empty() && entry.device != instance.interface;
    const Family family = entry.address.family();
    // Where the instance's own VMAC serves, none is needed.
    const bool own = elsewhere       ? wanted
                     : instance.vmac ? wanted && family != instance.family
                                     : entry.use_vmac;
    if (!own) return;
    const std::string& below = elsewhere ? entry.device : instance.interface;
    const auto known = std::ranges::find_if(instance.address_vmacs, [&](const VmacLink& vmac) {
        return vmac.below == below && vmac.family == family;
    });
    if (known != instance.address_vmacs.end()) {
        entry.vmac = known->name;
        return;
    }
    entry.vmac = address_vmac_name(config, instance, family);
    instance.address_vmacs.push_back({entry.vmac, below, packet::virtual_mac(family, instance.vrid), family});
}

}  // namespace

std::string vmac_name(const Config& config, const Instance& instance) {
    const std::string& prefix = config.globals.vmac_prefix;
    const std::string vrid = "." + std::to_string(instance.vrid);
    const std::string name = prefix + vrid;
    return is_taken(config, name) ? prefix + (instance.family == Family::v6 ? "6" : "4") + vrid : name;
}

void settle_address_vmacs(const Config& config, bool all, Instance& instance) {
    for (auto* list : {&instance.addresses, &instance.excluded_addresses}) {
        for (AddressEntry& entry : *list) settle(config, all, instance, entry);
    }
}

}  // namespace vrrpd::config
