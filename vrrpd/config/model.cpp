#include "vrrpd/config/model.h"

#include <algorithm>

namespace vrrpd::config {

const Script* Config::find_script(const std::string& name) const {
    const auto at = std::ranges::find(scripts, name, &Script::name);
    return at == scripts.end() ? nullptr : &*at;
}

// Fast adverts would flood the segment; a client may be misled for less than 0.1 s.
constexpr Duration kReassureGap = std::chrono::milliseconds(50);

namespace {

// Adverts keep the switches' memory of the interface they leave by; garp_extra_if is for the others.
bool is_extra(const Instance& instance, const AddressEntry& entry) {
    const std::string& device = address_device(instance, entry);
    if (device == transmit_device(instance)) return false;
    const bool own_mac = !entry.vmac.empty() || (instance.vmac && device == instance.vmac->name);
    return own_mac || instance.garp.extra_all.value_or(false);
}

}  // namespace

Duration startup_delay(const Globals& globals, Duration uptime) {
    return std::max(globals.startup_delay, globals.delay_after_boot - uptime);
}

fsm::Params machine_params(const Instance& instance) {
    fsm::Params out;
    out.name = instance.name;
    out.interface = instance.interface;
    out.group = instance.group;
    out.version = instance.version;
    out.family = instance.family;
    out.vrid = instance.vrid;
    out.priority = instance.priority;
    out.start_master = instance.state_master.value_or(false);
    out.advert_interval = instance.advert_interval;
    out.down_timer_adverts = instance.down_timer_adverts;
    out.nopreempt = instance.nopreempt;
    out.expired_priority = static_cast<std::uint8_t>(instance.nopreempt ? instance.expired_priority : 0);
    out.preempt_delay = instance.preempt_delay;
    out.lower_prio_no_advert = instance.lower_prio_no_advert.value_or(false);
    out.last_advert = !instance.strict.value_or(false);
    out.copy_addresses = out.last_advert;
    out.dont_track_primary = instance.dont_track_primary;
    out.no_peer = instance.fault_no_peer && !instance.unicast();
    out.owner_ignores_adverts = instance.owner_ignore_adverts.value_or(false);
    const fsm::Announcing defaults;
    out.announcing.delay = instance.garp.master_delay.value_or(defaults.delay);
    out.announcing.repeat = instance.garp.master_repeat.value_or(defaults.repeat);
    out.announcing.refresh = instance.garp.master_refresh.value_or(defaults.refresh);
    out.announcing.refresh_repeat = instance.garp.master_refresh_repeat.value_or(defaults.refresh_repeat);
    if (instance.garp.reassure) out.announcing.reassure = kReassureGap;
    out.announcing.lower_prio_delay = instance.garp.lower_prio_delay.value_or(defaults.lower_prio_delay);
    out.announcing.lower_prio_repeat = instance.garp.lower_prio_repeat.value_or(defaults.lower_prio_repeat);
    out.announcing.extra = instance.garp.extra.value_or(Duration{});
    for (const auto* list : {&instance.addresses, &instance.excluded_addresses}) {
        for (const AddressEntry& entry : *list) {
            out.addresses.push_back(
                {entry.address, address_device(instance, entry), is_extra(instance, entry)});
        }
    }
    return out;
}

std::vector<const Command*> commands_of(const Notifications& notify) {
    std::vector<const Command*> out;
    for (const Command* command : {&notify.master, &notify.backup, &notify.fault, &notify.stop, &notify.any,
                                   &notify.deleted, &notify.master_rx_lower_pri}) {
        if (*command) out.push_back(command);
    }
    return out;
}

const std::string& address_device(const Instance& instance, const AddressEntry& entry) {
    if (!entry.vmac.empty()) return entry.vmac;
    if (!entry.device.empty() && entry.device != instance.interface) return entry.device;
    return instance.vmac ? instance.vmac->name : instance.interface;
}

const std::string& transmit_device(const Instance& instance) {
    return instance.vmac && !instance.vmac->transmit_base ? instance.vmac->name : instance.interface;
}

const std::string& receive_device(const Instance& instance) {
    return instance.vmac && !instance.unicast() ? instance.vmac->name : instance.interface;
}

packet::MacAddress vmac_address(const Instance& instance) {
    const auto standard = packet::virtual_mac(instance.family, instance.vrid);
    return instance.vmac ? instance.vmac->mac.value_or(standard) : standard;
}

std::vector<VmacLink> vmacs_of(const Instance& instance) {
    std::vector<VmacLink> out;
    if (instance.vmac)
        out.push_back({instance.vmac->name, instance.interface, vmac_address(instance), instance.family});
    out.insert(out.end(), instance.address_vmacs.begin(), instance.address_vmacs.end());
    return out;
}

std::vector<fsm::TrackRule> track_rules(const Instance& instance) {
    std::vector<fsm::TrackRule> out;
    for (const Track& track : instance.tracks) out.push_back(track.rule);
    return out;
}

std::vector<IpAddress> advertised_addresses(const Instance& instance) {
    std::vector<IpAddress> out;
    for (const AddressEntry& entry : instance.addresses) out.push_back(entry.address);
    return out;
}

IpAddress multicast_group(const Globals& globals, const Instance& instance) {
    static const IpAddress kGroup4 = IpAddress::parse("224.0.0.18").value();
    static const IpAddress kGroup6 = IpAddress::parse("ff02::12").value();
    if (instance.multicast_group) return *instance.multicast_group;
    return instance.family == packet::Family::v4 ? globals.group4.value_or(kGroup4)
                                                 : globals.group6.value_or(kGroup6);
}

}  // namespace vrrpd::config
