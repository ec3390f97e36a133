#include "vrrpd/engine/firewall_rules.h"

#include <fmt/format.h>

#include <set>

namespace vrrpd::engine {

using config::AddressEntry;
using config::Instance;
using packet::Family;
using packet::IpAddress;

namespace {

// What the rules are about.
struct Subject {
    std::set<std::string> v4, v6;
    std::set<std::pair<std::string, std::string>> link_local;          // address, interface
    std::set<std::pair<std::string, std::string>> v4_vmacs, v6_vmacs;  // VMAC, interface below

    void add(const Instance& instance, const AddressEntry& entry) {
        const std::string text = entry.address.to_string();
        if (entry.address.family() == Family::v4) {
            v4.insert(text);
        } else if (entry.address.is_link_local()) {
            link_local.emplace(text, config::address_device(instance, entry));
        } else {
            v6.insert(text);
        }
    }
    bool has_v6() const { return !v6.empty() || !link_local.empty() || !v6_vmacs.empty(); }
    bool has_v4() const { return !v4.empty() || !v4_vmacs.empty(); }
};

Subject subject_of(const config::Config& config) {
    Subject out;
    for (const Instance& instance : config.instances) {
        for (const config::VmacLink& vmac : config::vmacs_of(instance)) {
            auto& vmacs = vmac.family == Family::v4 ? out.v4_vmacs : out.v6_vmacs;
            vmacs.emplace(vmac.name, vmac.below);
        }
        if (instance.accept) continue;
        for (const AddressEntry& entry : instance.addresses) out.add(instance, entry);
        for (const AddressEntry& entry : instance.excluded_addresses) out.add(instance, entry);
    }
    return out;
}

std::string joined(const std::set<std::string>& names) {
    std::string out;
    for (const std::string& name : names) out += (out.empty() ? "" : ", ") + name;
    return out;
}

// One direction: `side` is what the addresses are in a packet, `device` which of its interfaces counts.
std::string chain(const Subject& subject, const config::Firewall& firewall, Family family, bool input) {
    const std::string side = input ? "daddr" : "saddr", device = input ? "iifname" : "oifname";
    const std::string drop = firewall.counters ? "counter drop" : "drop";
    std::string out =
        fmt::format("  chain {0} {{\n    type filter hook {0}put priority {1}; policy accept;\n",
                    input ? "in" : "out", firewall.priority);
    // The virtual MAC is seen on the wire with what the master says, not with reports of memberships and
    // router searches of a backup, which would lead the switches astray. Reports leave by the interface
    // below.
    for (const auto& [vmac, below] : family == Family::v4 ? subject.v4_vmacs : subject.v6_vmacs) {
        if (input) continue;
        const bool v4 = family == Family::v4;
        out += fmt::format("    oifname \"{}\" {} dup to {} daddr device \"{}\" drop\n", vmac,
                           v4 ? "ip protocol igmp" : "icmpv6 type mld2-listener-report", v4 ? "ip" : "ip6",
                           below);
        if (!v4) out += fmt::format("    oifname \"{}\" icmpv6 type nd-router-solicit drop\n", vmac);
    }
    if (family == Family::v4) {
        if (!subject.v4.empty())
            out += fmt::format("    ip {} {{ {} }} {}\n", side, joined(subject.v4), drop);
        return out + "  }\n";
    }
    if (!subject.v6.empty() || !subject.link_local.empty())
        out += "    icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept\n";
    if (!subject.v6.empty()) out += fmt::format("    ip6 {} {{ {} }} {}\n", side, joined(subject.v6), drop);
    for (const auto& [address, interface] : subject.link_local)
        out += fmt::format("    {} \"{}\" ip6 {} {} {}\n", device, interface, side, address, drop);
    return out + "  }\n";
}

std::string table(const Subject& subject, const config::Firewall& firewall, Family family) {
    return fmt::format("table {} {} {{\n{}{}}}\n", family == Family::v4 ? "ip" : "ip6", firewall.table,
                       chain(subject, firewall, family, true), chain(subject, firewall, family, false));
}

}  // namespace

// One table per family: `dup` is not to be had in the common one.
std::string firewall_removal(const std::string& table) {
    return fmt::format("add table ip {0}\ndelete table ip {0}\nadd table ip6 {0}\ndelete table ip6 {0}\n",
                       table);
}

std::string firewall_script(const config::Config& config) {
    const Subject subject = subject_of(config);
    if (!subject.has_v4() && !subject.has_v6()) return {};
    const config::Firewall& firewall = config.globals.firewall;
    std::string out = firewall_removal(firewall.table);
    if (subject.has_v4()) out += table(subject, firewall, Family::v4);
    if (subject.has_v6()) out += table(subject, firewall, Family::v6);
    return out;
}

}  // namespace vrrpd::engine
