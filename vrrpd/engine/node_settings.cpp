#include "vrrpd/engine/node_settings.h"

#include <unistd.h>

#include <algorithm>
#include <fstream>

#include "common/logging.h"
#include "vrrpd/engine/firewall_rules.h"
#include "vrrpd/io/firewall.h"
#include "vrrpd/io/state_file.h"

namespace vrrpd::engine {

namespace log = common::log;
using config::Instance;
using config::VmacLink;
using packet::Family;

namespace {

struct Wanted {
    std::string interface;
    std::string name;
    int value;
};

// VMAC and the interface below are on one segment: each answers for its own addresses only.
struct VmacRow {
    bool of_vmac;
    const char* key;
    int value;
};
constexpr VmacRow kVmacRows[] = {
    {false, "arp_ignore", 1},    // an ARP request for an address of the VMAC is not for the interface below
    {false, "arp_announce", 2},  // its own ARP requests do not carry an address of the VMAC with its MAC
    {true, "arp_ignore", 1},     // and the other way round
    {true, "rp_filter", 0},      // the way back is by the interface below
    // Not for us: the announcement of a new master, which has our address as source. Our answer, from the
    // same MAC, would lead the switch back to us.
    {true, "accept_local", 0},
    {true, "promote_secondaries", 1},
};

std::vector<Wanted> wanted_settings(const config::Config& config) {
    std::vector<Wanted> out;
    const auto conf = [&](const std::string& interface, std::string_view key, int value) {
        out.push_back({interface, fmt::format("net/ipv4/conf/{}/{}", interface, key), value});
    };
    for (const Instance& instance : config.instances) {
        // Without it the kernel removes the other addresses of a network along with the first.
        if (instance.promote_secondaries) conf(instance.interface, "promote_secondaries", 1);
        for (const VmacLink& vmac : config::vmacs_of(instance)) {
            if (vmac.family != Family::v4) continue;
            for (const VmacRow& row : kVmacRows)
                conf(row.of_vmac ? vmac.name : vmac.below, row.key, row.value);
        }
    }
    if (config.globals.disable_local_igmp) out.push_back({"", "net/ipv4/igmp_link_local_mcast_reports", 0});
    return out;
}

bool has_vmac4(const config::Config& config) {
    return std::ranges::any_of(config.instances, [](const Instance& one) {
        const std::vector<VmacLink> all = config::vmacs_of(one);
        return std::ranges::find(all, Family::v4, &VmacLink::family) != all.end();
    });
}

std::set<std::string> vmac_names(const config::Config& config) {
    std::set<std::string> out;
    for (const Instance& instance : config.instances) {
        for (const VmacLink& vmac : config::vmacs_of(instance)) out.insert(vmac.name);
    }
    return out;
}

constexpr std::string_view kReversePath = "/rp_filter";

void set_all(io::Sysctls& sysctls, const std::vector<Wanted>& settings) {
    for (const Wanted& one : settings) {
        if (auto done = sysctls.set(one.name, one.value); !done) log::warning("{}", done.error().text);
    }
}

// IPv6 adverts come from a link-local address, and a socket sends only from one that its own interface has.
config::AddressEntry borrowed_link_local(const packet::IpAddress& address) {
    config::AddressEntry entry;
    entry.address = address;
    entry.prefix = 64;
    entry.preferred_lifetime = 0;
    return entry;
}

}  // namespace

void NodeSettings::configure(const config::Config& config) {
    for (const Instance& instance : config.instances) {
        for (const VmacLink& vmac : config::vmacs_of(instance)) make_vmac(instance, vmac);
    }
    std::vector<Wanted> settings = wanted_settings(config);
    // Of an interface that is not there yet they are set when it comes.
    std::erase_if(settings, [&](const Wanted& one) {
        return !one.interface.empty() && network_.find(one.interface) == nullptr;
    });
    move_reverse_path_check(config);  // first: a new default reaches the VMACs as well
    set_all(sysctls_, settings);
    set_firewall(config);
}

// The stricter of "all" and an interface's own value holds, so that "all" would silence a VMAC that has no
// address yet: the check moves from "all" to each of the other interfaces.
void NodeSettings::move_reverse_path_check(const config::Config& config) {
    const auto name_of = [](std::string_view interface) {
        return fmt::format("net/ipv4/conf/{}{}", interface, kReversePath);
    };
    const int all = sysctls_.get(name_of("all")).value_or(0);
    if (all == 0 || !has_vmac4(config)) return;
    std::vector<std::string> interfaces{"default"};
    const std::set<std::string> vmacs = vmac_names(config);
    for (const io::Link& link : network_.links()) {
        if (!vmacs.contains(link.name)) interfaces.push_back(link.name);
    }
    for (const std::string& interface : interfaces) {
        if (sysctls_.get(name_of(interface)).value_or(all) < all) (void)sysctls_.set(name_of(interface), all);
    }
    if (auto done = sysctls_.set(name_of("all"), 0); !done) log::warning("{}", done.error().text);
}

void NodeSettings::drop_unused(const config::Config& config) {
    std::set<std::string> names;
    for (const Wanted& one : wanted_settings(config)) names.insert(one.name);
    for (const std::string& name : sysctls_.changed()) {
        if (has_vmac4(config) && name.ends_with(kReversePath)) names.insert(name);
    }
    sysctls_.restore_except(names);
    const std::set<std::string> vmacs = vmac_names(config);
    for (const std::string& name : network_.our_macvlans()) {
        if (!vmacs.contains(name)) network_.remove_macvlan(name);
    }
}

void NodeSettings::make_vmac(const Instance& instance, const VmacLink& wanted) {
    const std::string& name = wanted.name;
    if (network_.find(wanted.below) == nullptr) return;
    const auto made = network_.ensure_macvlan(name, wanted.below, wanted.mac, wanted.family);
    if (!made) {
        log::error("({}) use_vmac: {}", instance.name, made.error().text);
        return;
    }
    if (*made) sysctls_.forget_interface(name);
    const io::Link* vmac = network_.find(name);
    const io::Link* below = network_.find(wanted.below);
    if (wanted.family == Family::v4 || vmac == nullptr || below == nullptr) return;
    for (const io::NodeAddress& known : network_.addresses()) {
        if (known.link == below->index && known.address.family() == Family::v6 &&
            known.address.is_link_local())
            (void)network_.add(borrowed_link_local(known.address), vmac->index);
    }
}

void NodeSettings::on_interface(const config::Config& config, const std::string& interface, bool gone) {
    if (gone) sysctls_.forget_interface(interface);
    for (const Instance& instance : config.instances) {
        for (const VmacLink& vmac : config::vmacs_of(instance)) {
            // Gone with the interface below, or deleted by somebody: in that case it is made anew.
            if (vmac.name == interface || (vmac.below == interface && !gone)) make_vmac(instance, vmac);
        }
    }
    std::vector<Wanted> settings = wanted_settings(config);
    std::erase_if(settings, [&](const Wanted& one) {
        return one.interface.empty() || network_.find(one.interface) == nullptr;
    });
    set_all(sysctls_, settings);
}

void NodeSettings::restore(bool keep_addresses) {
    sysctls_.restore_all();
    remove_firewall();
    if (keep_addresses) return;
    for (const std::string& name : network_.our_macvlans()) network_.remove_macvlan(name);
}

// ---- firewall

// The table that we made, in this life or a former one; empty: none.
std::string NodeSettings::standing_table() const {
    std::ifstream in(firewall_mark_);
    std::string identity, table;
    std::getline(in, identity) && std::getline(in, table);
    return identity == io::system_identity() ? table : std::string();
}

void NodeSettings::set_firewall(const config::Config& config) {
    const std::string script = firewall_script(config);
    const std::string& table = config.globals.firewall.table;
    if (script.empty() || standing_table() != table) remove_firewall();
    if (script.empty()) return;
    std::ofstream(firewall_mark_) << io::system_identity() << '\n' << table << '\n';
    if (auto done = io::run_nft(script); !done)
        log::error("the firewall rules of no_accept and use_vmac are not set: {}", done.error().text);
}

void NodeSettings::remove_firewall() {
    const std::string table = standing_table();
    if (!table.empty()) {
        if (auto done = io::run_nft(firewall_removal(table)); !done) {
            log::warning("the rules in table {} stay: {}", table, done.error().text);
            return;
        }
    }
    ::unlink(firewall_mark_.c_str());
}

}  // namespace vrrpd::engine
