#include "vrrpd/engine/announce_queue.h"

#include <algorithm>

namespace vrrpd::engine {

namespace log = common::log;
using common::Clock;
using packet::Family;
using packet::IpAddress;

namespace {

// As many of one kind as a block has: a pace slower than the refreshes must not pile them up.
constexpr std::ptrdiff_t kMostAlike = 5;

std::size_t index_of(Family family) {
    return family == Family::v4 ? 0 : 1;
}

}  // namespace

void AnnounceQueue::configure(const config::Config& config) {
    default_pace_[0] = config.globals.garp_interval;
    default_pace_[1] = config.globals.gna_interval;
    groups_.clear();
    for (std::size_t i = 0; i < config.garp_groups.size(); ++i) {
        const config::GarpGroup& group = config.garp_groups[i];
        GroupPace pace{
            "group " + std::to_string(i),
            {group.garp_interval.value_or(default_pace_[0]), group.gna_interval.value_or(default_pace_[1])}};
        for (const std::string& interface : group.interfaces) groups_[interface] = pace;
    }
}

AnnounceQueue::Lane& AnnounceQueue::lane_of(const std::string& interface, Family family) {
    const auto group = groups_.find(interface);
    const bool grouped = group != groups_.end();
    const std::string key = (grouped ? group->second.key : interface) + (family == Family::v4 ? " 4" : " 6");
    std::unique_ptr<Lane>& lane = lanes_[key];
    if (!lane) lane = std::make_unique<Lane>(io_);
    lane->pace = grouped ? group->second.pace[index_of(family)] : default_pace_[index_of(family)];
    return *lane;
}

common::Result<> AnnounceQueue::announce(const void* owner, const IpAddress& address,
                                         const std::string& interface) {
    Lane& lane = lane_of(interface, address.family());
    if (lane.items.empty()) {
        const auto now = Clock::now();
        if (lane.pace <= common::Duration{} || lane.next <= now) {
            lane.next = now + lane.pace;
            return send(address, interface);
        }
    }
    Item item{owner, address, interface};
    if (std::ranges::count(lane.items, item) >= kMostAlike) return {};
    lane.items.push_back(std::move(item));
    arm(lane);
    return {};
}

common::Result<> AnnounceQueue::send(const IpAddress& address, const std::string& interface) const {
    const io::Link* link = network_.find(interface);
    if (link == nullptr || link->loopback) return {};
    return announcer_.announce(address, *link);
}

void AnnounceQueue::arm(Lane& lane) {
    if (lane.armed) return;
    lane.armed = true;
    lane.timer.expires_at(lane.next);
    lane.timer.async_wait([this, &lane](boost::system::error_code error) {
        if (error) return;
        lane.armed = false;
        run(lane);
    });
}

void AnnounceQueue::run(Lane& lane) {
    while (!lane.items.empty() && lane.next <= Clock::now()) {
        const Item item = std::move(lane.items.front());
        lane.items.pop_front();
        lane.next = Clock::now() + lane.pace;
        if (const auto sent = send(item.address, item.interface); !sent) {
            const auto passed = lines_.admit(sent.error().text, Clock::now());
            if (passed) log::warning("{}{}", sent.error().text, log::suppressed_note(*passed));
        }
    }
    if (!lane.items.empty()) arm(lane);
}

void AnnounceQueue::forget(const void* owner) {
    for (auto& [key, lane] : lanes_) {
        std::erase_if(lane->items, [&](const Item& item) { return item.owner == owner; });
    }
}

std::size_t AnnounceQueue::waiting() const {
    std::size_t count = 0;
    for (const auto& [key, lane] : lanes_) count += lane->items.size();
    return count;
}

}  // namespace vrrpd::engine
