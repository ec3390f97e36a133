#include "vrrpd/engine/static_items.h"

#include <algorithm>

#include "common/logging.h"

namespace vrrpd::engine {

namespace log = common::log;
using config::AddressEntry;
using config::RouteEntry;
using config::RuleEntry;

namespace {

constexpr common::Duration kRestoreEvery = std::chrono::seconds(1);
constexpr int kRestoreBurst = 5;

// What it is, for messages, and whether two are the same at a reload.
std::string text_of(const AddressEntry& entry) {
    return "address " + entry.address.to_string() + "/" + std::to_string(entry.prefix) + " dev " +
           entry.device;
}
std::string text_of(const RouteEntry& entry) {
    return "route " + entry.text;
}
std::string text_of(const RuleEntry& entry) {
    return "rule " + entry.text + " " + std::to_string(entry.priority);
}

template <class Items, class Remove>
void remove_missing(const Items& before, const Items& now, Remove remove) {
    for (const auto& old : before) {
        const auto same = [&](const auto& entry) { return text_of(entry) == text_of(old); };
        if (std::ranges::none_of(now, same)) remove(old);
    }
}

}  // namespace

void StaticItems::configure(std::shared_ptr<const config::Config> config) {
    const bool first = config_ == nullptr;
    const auto before = std::exchange(config_, std::move(config));
    if (before) {
        const auto drop = [this](const auto& entry) { remove(entry); };
        remove_missing(before->static_rules, config_->static_rules, drop);
        remove_missing(before->static_routes, config_->static_routes, drop);
        remove_missing(before->static_addresses, config_->static_addresses, drop);
    }
    failed_.clear();
    set(config_->static_addresses, first);
    set(config_->static_routes, first);
    set(config_->static_rules, first);
}

void StaticItems::remove_all() {
    if (!config_) return;
    timer_.cancel();
    for (const RuleEntry& entry : config_->static_rules) remove(entry);
    for (const RouteEntry& entry : config_->static_routes) remove(entry);
    for (const AddressEntry& entry : config_->static_addresses) remove(entry);
    config_.reset();
}

void StaticItems::on_change(const io::NetworkChange& change) {
    if (!config_ || armed_) return;
    if (config_->static_addresses.empty() && config_->static_routes.empty() && config_->static_rules.empty())
        return;
    if (const auto* address = std::get_if<io::AddressChange>(&change); address != nullptr && address->present)
        return;
    if (const auto* route = std::get_if<io::RouteGone>(&change)) {
        const auto ours = [&](const RouteEntry& entry) {
            return entry.destination.address == route->destination &&
                   entry.destination.length == route->length;
        };
        if (std::ranges::none_of(config_->static_routes, ours)) return;
    }
    armed_ = true;
    const bool at_once = restores_.allow(common::Clock::now(), kRestoreEvery, kRestoreBurst);
    timer_.expires_after(at_once ? common::Duration{} : kRestoreEvery);
    timer_.async_wait([this](boost::system::error_code error) {
        if (error) return;
        armed_ = false;
        if (config_) restore();
    });
}

void StaticItems::restore() {
    const auto items = [this] {
        std::vector<std::string> out;
        for (const auto& [item, failure] : failed_) out.push_back(item);
        return out;
    };
    const std::vector<std::string> before = items();
    set(config_->static_addresses, false);
    set(config_->static_routes, false);
    set(config_->static_rules, false);
    if (items() != before) changed_();
}

fsm::TrackResult StaticItems::group(const std::string& name) const {
    const auto missing = std::ranges::find(failed_, name, [](const auto& one) { return one.second.group; });
    if (missing == failed_.end()) return {fsm::Health::good, 0, "complete"};
    return {fsm::Health::bad, 0, missing->second.reason};
}

template <class Items>
void StaticItems::set(const Items& items, bool at_start) {
    for (const auto& entry : items) {
        if (at_start || !entry.no_track) set_one(entry, at_start);
    }
}

template <class Entry>
void StaticItems::set_one(const Entry& entry, bool at_start) {
    const std::string text = text_of(entry);
    const auto done = add(entry);
    if (!done) {
        if (!failed_.try_emplace(text, entry.track_group, done.error().text).second) return;
        log::error("{}:{}: static {}", entry.where.file, entry.where.line, done.error().text);
        return;
    }
    const bool had_failed = failed_.erase(text) > 0;
    if (*done && !at_start) log::notice("static {} is set{}", text, had_failed ? "" : " (it was missing)");
}

common::Result<bool> StaticItems::add(const AddressEntry& entry) {
    const io::Link* link = network_.find(entry.device);
    if (link == nullptr) {
        return common::fail("address " + entry.address.to_string() + ": interface " + entry.device +
                            " does not exist");
    }
    return network_.add(entry, link->index);
}

void StaticItems::remove(const AddressEntry& entry) {
    if (const io::Link* link = network_.find(entry.device)) (void)network_.remove(entry, link->index);
}

}  // namespace vrrpd::engine
