// Events in: from the node's network, the peers, the trackers, the clock. The other half: router_actions.cpp.
#include "vrrpd/engine/router.h"

#include <algorithm>

namespace vrrpd::engine {

namespace log = common::log;
using common::Clock;
using config::AddressEntry;
using packet::IpAddress;

namespace {

// All addresses of an instance, advertised or not.
template <class Function>
void for_each_address(const config::Instance& settings, Function function) {
    for (const AddressEntry& entry : settings.addresses) function(entry);
    for (const AddressEntry& entry : settings.excluded_addresses) function(entry);
}

bool same_address(const AddressEntry& a, const AddressEntry& b) {
    return a.address == b.address && a.prefix == b.prefix && a.device == b.device && a.vmac == b.vmac;
}

bool contains(const config::Instance& settings, const AddressEntry& wanted) {
    bool found = false;
    for_each_address(settings,
                     [&](const AddressEntry& entry) { found = found || same_address(entry, wanted); });
    return found;
}

// A former life counts for this many advert intervals: by then no peer can have taken over.
constexpr int kResumeIntervals = 3;

}  // namespace

Router::Router(Surroundings& around, std::shared_ptr<const config::Config> config,
               const config::Instance& settings)
    : around_(around), timer_(around.io) {
    adopt(std::move(config), settings);
    slot_ =
        around_.state_file.slot({settings.interface, settings.vrid, settings.family == packet::Family::v6});
}

void Router::adopt(std::shared_ptr<const config::Config> config, const config::Instance& settings) {
    config_ = std::move(config);
    settings_ = &settings;
    params_ = config::machine_params(settings);
    params_.startup_delay = config::startup_delay(config_->globals, io::boottime_now());
    advertised_ = config::advertised_addresses(settings);
    group_ = config::multicast_group(config_->globals, settings);
    old_checksum_ = settings.old_unicast_checksum.value_or(false);
    peers_.clear();
    for (const config::UnicastPeer& peer : settings.unicast_peers) peers_.push_back(peer.address);
}

void Router::start(const fsm::Tracking& tracking, bool may_resume) {
    listen();
    const io::Link* link = around_.network.find(settings_->interface);
    fsm::Start event;
    event.link_up = link != nullptr && link->up;
    event.source = choose_source();
    note_source(event.source);
    event.tracking = tracking;
    if (may_resume) event.resume = former_life();
    holding_ = event.resume.has_value();
    deliver(event);
}

void Router::stop(bool keep_addresses, bool removed) {
    deliver(fsm::Stop{keep_addresses, removed});
}

void Router::reconfigure(std::shared_ptr<const config::Config> config, const config::Instance& settings,
                         const fsm::Tracking& tracking) {
    const auto old_config = config_;  // `before` points into it
    const config::Instance& before = *settings_;
    const IpAddress old_group = group_;
    adopt(std::move(config), settings);
    if (group_ != old_group) listen();

    fsm::Reconfigured event;
    if (holding_) {
        for_each_address(before, [&](const AddressEntry& entry) {
            if (!contains(settings, entry)) remove(entry);
        });
        for_each_address(settings, [&](const AddressEntry& entry) {
            if (!contains(before, entry)) event.added.push_back(entry.address);
        });
        event.routes_added = diff_routes(before);
    }
    source_warned_ = false;
    state_.source = choose_source();
    note_source(state_.source);
    state_.tracking = tracking;
    deliver(event);
}

void Router::on_tracking(const fsm::Tracking& tracking) {
    if (state_.started && tracking != state_.tracking) deliver(fsm::TrackingChanged{tracking});
}

void Router::on_datagram(const packet::Datagram& datagram) {
    packet::Expectations expected;
    expected.version = settings_->version;
    expected.vrid = settings_->vrid;
    expected.auth = settings_->auth;
    expected.password = packet::make_password(settings_->password);
    expected.interval = std::chrono::duration_cast<std::chrono::milliseconds>(settings_->advert_interval);
    expected.addresses = advertised_;
    expected.own_source = state_.source.value_or(IpAddress());
    expected.unicast = settings_->unicast();
    expected.check_source = settings_->check_unicast_source;
    expected.peers = peers_;
    expected.old_checksum = settings_->old_unicast_checksum.value_or(true);
    if (expected.unicast) {
        const auto peer =
            std::ranges::find(settings_->unicast_peers, datagram.source, &config::UnicastPeer::address);
        expected.check_ttl = peer != settings_->unicast_peers.end() && (peer->min_ttl || peer->max_ttl);
        if (expected.check_ttl) {
            expected.min_ttl = peer->min_ttl.value_or(0);
            expected.max_ttl = peer->max_ttl.value_or(packet::kVrrpTtl);
        }
    }
    const auto received = packet::receive(datagram, expected);
    if (!received) return note_drop(datagram, received.error());
    ++counters_.adverts_received;
    if (received->advert.priority == packet::kPriorityStop) ++counters_.priority_zero_received;
    if (received->old_checksum && !old_checksum_) {
        old_checksum_ = true;
        log::notice("({}) Setting unicast VRRPv3 checksum to old version: {} sends it", settings_->name,
                    datagram.source.to_string());
    }
    if (received->addresses_differ) note_difference(datagram, received->advert);
    fsm::AdvertReceived event{datagram.source, received->advert.priority, received->advert.interval};
    if (received->addresses_differ) event.other_addresses = received->advert.addresses;
    deliver(event);
}

void Router::note_drop(const packet::Datagram& datagram, const packet::Drop& drop) {
    ++counters_.dropped[static_cast<std::size_t>(drop.reason)];
    const std::string peer = datagram.source.to_string();
    const auto passed = drop_lines_.admit(peer + std::string(name_of(drop.reason)), Clock::now());
    if (!passed) return;
    log::warning("({}) ignoring advert from {}: {}{}", settings_->name, peer, packet::describe(drop),
                 log::suppressed_note(*passed));
}

void Router::note_difference(const packet::Datagram& datagram, const packet::Advert& advert) {
    ++counters_.address_list_differs;
    const std::string peer = datagram.source.to_string();
    if (settings_->skip_check_adv_addr.value_or(false) || !difference_lines_.admit(peer, Clock::now()))
        return;
    log::warning(
        "({}) advert from {} carries {} address(es), configured here are {}: accepted, but make them equal",
        settings_->name, peer, advert.addresses.size(), advertised_.size());
}

bool Router::uses(const std::string& interface, packet::Family family) const {
    return settings_->family == family && (interface == config::receive_device(*settings_) ||
                                           interface == config::transmit_device(*settings_));
}

void Router::on_link(const io::Link& link, bool gone) {
    const std::vector<config::VmacLink> vmacs = config::vmacs_of(*settings_);
    if (!gone && std::ranges::find(vmacs, link.name, &config::VmacLink::name) != vmacs.end())
        on_vmac(link.name);
    if (link.up && !gone) doubt_routes();  // those by this interface went when it did
    if (link.name != settings_->interface) return;
    const bool up = link.up && !gone;
    if (!gone) listen();  // an interface that came back is another one
    if (up != state_.link_up) {
        log::info("Netlink reports {} {}", link.name, up ? "up" : "down");
        deliver(fsm::LinkChanged{up});
    }
    look_for_source();
}

// Somebody deleted it, or its interface was replaced: it has been made anew, and is empty.
void Router::on_vmac(const std::string& name) {
    listen();
    if (!holding_) return;
    const AddressEntry* lost = nullptr;
    for_each_address(*settings_, [&](const AddressEntry& entry) {
        const bool here = config::address_device(*settings_, entry) == name;
        if (lost == nullptr && here && !is_set(entry)) lost = &entry;
    });
    if (lost == nullptr) return;
    ++counters_.addresses_restored;
    deliver(fsm::AddressLost{lost->address});
}

void Router::on_address(const io::NodeAddress& address, bool present) {
    if (holding_ && !present) {
        doubt_routes();  // those with it as source went along
        const AddressEntry* entry = entry_of(address);
        // Asked again, because the notification may be that of our own removal a moment ago.
        if (entry != nullptr && !entry->no_track && !around_.network.is_set(address.address, address.link)) {
            ++counters_.addresses_restored;
            deliver(fsm::AddressLost{address.address});
            routes_doubted_ = false;
        }
    }
    // The source changes when it is the one that is gone, or when there was none, or not the configured one.
    const bool matters =
        present ? !state_.source || settings_->source == address.address : state_.source == address.address;
    if (matters) look_for_source();
}

void Router::look_for_source() {
    if (!state_.started) return;
    const auto source = choose_source();
    if (source == state_.source) return;
    note_source(source);
    deliver(fsm::SourceChanged{source});
}

void Router::note_source(const std::optional<IpAddress>& source) {
    const auto& wanted = settings_->source;
    if (!wanted || (source == wanted) != source_warned_) return;
    source_warned_ = !source_warned_;
    if (!source_warned_) {
        log::notice("({}) {} is an address of this node now and used for adverts", settings_->name,
                    wanted->to_string());
        return;
    }
    const std::string instead =
        source ? "adverts come from " + source->to_string() + " until it is" : "there is no other to use";
    log::warning("{}:{}: {} is not an address of this node; {}", settings_->source_where.file,
                 settings_->source_where.line, wanted->to_string(), instead);
}

// The configured source when this node has it, else the first address of the interface: with a source that is
// another node's the kernels would drop the adverts and both become master.
std::optional<IpAddress> Router::choose_source() const {
    const io::Link* link = around_.network.find(settings_->interface);
    if (link == nullptr) return std::nullopt;
    const auto& addresses = around_.network.addresses();
    const auto& wanted = settings_->source;
    if (wanted && std::ranges::find(addresses, *wanted, &io::NodeAddress::address) != addresses.end())
        return wanted;
    if (wanted && (settings_->track_source || settings_->unicast())) return std::nullopt;
    std::optional<IpAddress> chosen;
    for (const io::NodeAddress& known : addresses) {
        if (known.link != link->index || known.address.family() != settings_->family) continue;
        // RFC 5798, 5.1.2.2: IPv6 adverts come from the link-local address.
        if (settings_->family == packet::Family::v6 && !known.address.is_link_local()) continue;
        if (is_virtual(known.address)) continue;
        chosen = known.address;
        break;
    }
    return chosen;
}

bool Router::is_virtual(const IpAddress& address) const {
    return std::ranges::any_of(config_->instances, [&](const config::Instance& instance) {
        bool found = false;
        for_each_address(instance,
                         [&](const AddressEntry& entry) { found = found || entry.address == address; });
        return found && instance.priority != packet::kPriorityOwner;
    });
}

const io::Link* Router::link_of(const AddressEntry& entry) const {
    return around_.network.find(config::address_device(*settings_, entry));
}

const AddressEntry* Router::entry_of(const io::NodeAddress& address) const {
    const AddressEntry* found = nullptr;
    for_each_address(*settings_, [&](const AddressEntry& entry) {
        const io::Link* link = link_of(entry);
        if (entry.address == address.address && link != nullptr && link->index == address.link)
            found = &entry;
    });
    return found;
}

bool Router::is_set(const AddressEntry& entry) const {
    const io::Link* link = link_of(entry);
    return link != nullptr && around_.network.is_set(entry.address, link->index);
}

bool Router::all_addresses_set() const {
    bool all = true;
    for_each_address(*settings_, [&](const AddressEntry& entry) { all = all && is_set(entry); });
    return all;
}

std::optional<fsm::Resume> Router::former_life() const {
    const auto saved = around_.state_file.load(slot_);
    if (!saved || !saved->master || saved->priority == 0) return std::nullopt;
    const auto age = io::boottime_now() - saved->last_advert;
    if (age < std::chrono::nanoseconds(0) || age > kResumeIntervals * settings_->advert_interval)
        return std::nullopt;
    if (!all_addresses_set()) return std::nullopt;
    return fsm::Resume{saved->priority};
}

void Router::listen() {
    const auto open = [this](const std::string& interface, const IpAddress& group) {
        const io::Link* link = around_.network.find(interface);
        if (link == nullptr) return;
        const auto done = around_.adverts.listen(settings_->family, interface, link->index, group);
        if (!done) log::error("({}) {}", settings_->name, done.error().text);
    };
    const std::string& receiver = config::receive_device(*settings_);
    const std::string& sender = config::transmit_device(*settings_);
    open(receiver, settings_->unicast() ? IpAddress() : group_);
    if (sender != receiver) open(sender, IpAddress());
}

}  // namespace vrrpd::engine
