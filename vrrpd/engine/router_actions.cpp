// Actions out: what the state machine decided, done to the node. The other half: router.cpp.
#include <algorithm>
#include <boost/asio/post.hpp>

#include "vrrpd/engine/router.h"

namespace vrrpd::engine {

namespace log = common::log;
using common::Clock;
using config::AddressEntry;

namespace {

constexpr std::size_t kHistory = 32;  // transitions remembered per instance
constexpr common::Duration kGrid = std::chrono::milliseconds(1);

constexpr log::Level kLevels[] = {log::Level::debug, log::Level::info, log::Level::notice,
                                  log::Level::warning, log::Level::error};

}  // namespace

// The timers of many instances end together, and a request to the kernel may have to wait for another's: the
// adverts of all go first, then the addresses with one announcement each, then what else there is to say.
void Router::deliver(const fsm::Event& event) {
    fsm::Step done = fsm::step(params_, std::move(state_), event, Clock::now());
    state_ = std::move(done.next);
    const bool crowd =
        std::holds_alternative<fsm::Timer>(event) || std::holds_alternative<fsm::GroupMaster>(event);
    fsm::Actions addresses, words;
    for (fsm::Action& action : done.actions) {
        auto* announce = std::get_if<fsm::Announce>(&action);
        if (crowd && announce) {
            if (announce->repeat > 1) words.push_back(fsm::Announce{announce->repeat - 1, announce->only});
            announce->repeat = std::min(announce->repeat, 1);
        }
        if (crowd && (announce || std::holds_alternative<fsm::AddAddresses>(action))) {
            addresses.push_back(std::move(action));
        } else if (crowd && std::holds_alternative<fsm::Log>(action)) {
            words.push_back(std::move(action));
        } else {
            run(action);
        }
    }
    if (!addresses.empty() || !words.empty()) postpone(std::move(addresses), std::move(words));
    arm();
    around_.on_step(*this);
}

void Router::postpone(fsm::Actions addresses, fsm::Actions words) {
    const auto later = [this, life = std::weak_ptr(life_)](auto function) {
        boost::asio::post(around_.io, [life, function = std::move(function)]() mutable {
            if (!life.expired()) function();
        });
    };
    later([this, later, addresses = std::move(addresses), words = std::move(words)]() mutable {
        // An advert that came meanwhile may have made it a backup.
        const auto overtaken = [this](const fsm::Action& action) {
            return !std::holds_alternative<fsm::Log>(action) && !fsm::holds_addresses(state_.role);
        };
        for (const fsm::Action& action : addresses) {
            if (!overtaken(action)) run(action);
        }
        later([this, overtaken, words = std::move(words)] {
            for (const fsm::Action& action : words) {
                if (!overtaken(action)) run(action);
            }
        });
    });
}

void Router::run(const fsm::Action& action) {
    std::visit([this](const auto& one) { act(one); }, action);
}

// Deadlines are met up to a hundredth of the interval late, on a common grid, never early: instances that are
// due together share one wake-up.
common::TimePoint Router::on_grid(common::TimePoint deadline) const {
    const common::Duration grid = std::min<common::Duration>(kGrid, settings_->advert_interval / 100);
    const common::Duration rest = deadline.time_since_epoch() % grid;
    return rest == common::Duration{} ? deadline : deadline + (grid - rest);
}

void Router::arm() {
    const common::TimePoint deadline = fsm::next_deadline(state_);
    if (deadline == armed_for_) return;
    armed_for_ = deadline;
    if (deadline == common::kNever) {
        timer_.cancel();
        return;
    }
    timer_.expires_at(on_grid(deadline));
    timer_.async_wait([this, deadline](boost::system::error_code error) {
        if (error) return;
        armed_for_ = common::kNever;
        // What has arrived counts before what the clock says: it may move the deadline. A master in time has
        // nothing to learn.
        const common::Duration late = Clock::now() - deadline;
        const bool in_time = late < settings_->advert_interval / 10;
        if (!in_time) around_.on_late(late);
        if (state_.role != fsm::Role::master || !in_time) around_.adverts.drain();
        if (fsm::next_deadline(state_) <= Clock::now()) deliver(fsm::Timer{});
        arm();
    });
}

void Router::act(const fsm::SendAdvert& action) {
    if (!state_.source) return;
    packet::Advert advert;
    advert.version = settings_->version;
    advert.vrid = settings_->vrid;
    advert.priority = action.priority;
    advert.interval = std::chrono::duration_cast<std::chrono::milliseconds>(settings_->advert_interval);
    advert.addresses = action.addresses.value_or(advertised_);
    advert.auth = settings_->version == 2 ? settings_->auth : packet::AuthType::none;
    if (advert.auth == packet::AuthType::pass) advert.password = packet::make_password(settings_->password);
    const bool plain = settings_->v3_checksum_as_v2.value_or(false);
    const auto style = plain                                   ? packet::ChecksumStyle::plain
                       : old_checksum_ && settings_->unicast() ? packet::ChecksumStyle::old_unicast
                                                               : packet::ChecksumStyle::pseudo_header;

    const auto send = [&](const packet::IpAddress& destination, int ttl) {
        const auto payload = packet::encode(advert, *state_.source, destination, style);
        const auto sent = around_.adverts.send(config::transmit_device(*settings_), payload, *state_.source,
                                               destination, ttl);
        if (sent) return;
        ++counters_.send_errors;
        const auto passed = error_lines_.admit(sent.error().text, Clock::now());
        if (passed)
            log::warning("({}) {}{}", settings_->name, sent.error().text, log::suppressed_note(*passed));
    };
    if (settings_->unicast()) {
        for (const packet::IpAddress& peer : peers_) send(peer, settings_->unicast_ttl);
    } else {
        send(group_, packet::kVrrpTtl);
    }
    ++counters_.adverts_sent;
    if (action.priority == packet::kPriorityStop) ++counters_.priority_zero_sent;
    // After priority 0 somebody else is asked to be master: a restart must not claim it back.
    remember(action.priority, action.priority != packet::kPriorityStop);
}

void Router::remember(std::uint8_t priority, bool master) {
    around_.state_file.save(slot_, {master, priority, io::boottime_now()});
}

void Router::act(const fsm::AddAddresses&) {
    holding_ = true;
    for (const AddressEntry& entry : settings_->addresses) add(entry);
    for (const AddressEntry& entry : settings_->excluded_addresses) add(entry);
    add_routes();
}

void Router::act(const fsm::RemoveAddresses&) {
    holding_ = false;
    around_.announcements.forget(this);
    remember(state_.priority, false);
    remove_routes(*settings_);
    for (const AddressEntry& entry : settings_->addresses) remove(entry);
    for (const AddressEntry& entry : settings_->excluded_addresses) remove(entry);
}

void Router::add(const AddressEntry& entry) {
    const io::Link* link = link_of(entry);
    const auto done = link != nullptr ? around_.network.add(entry, link->index)
                                      : common::Result<bool>(common::fail("its interface does not exist"));
    if (!done) complain("address " + entry.address.to_string() + ": " + done.error().text);
}

// An interface that is not there, an address or route that the kernel refuses: tried again with each chance,
// told now and then.
void Router::complain(const std::string& text) {
    const auto passed = error_lines_.admit(text, Clock::now());
    if (passed) log::error("({}) {}{}", settings_->name, text, log::suppressed_note(*passed));
}

void Router::remove(const AddressEntry& entry) {
    const io::Link* link = link_of(entry);
    if (link == nullptr) return;
    const auto done = around_.network.remove(entry, link->index);
    if (!done) log::error("({}) {}", settings_->name, done.error().text);
}

void Router::act(const fsm::Announce& action) {
    for (int round = 0; round < action.repeat; ++round) {
        for (const fsm::VirtualAddress& vip : params_.addresses) {
            if (action.only && *action.only != vip.address) continue;
            const auto sent = around_.announcements.announce(this, vip.address, vip.interface);
            ++counters_.announcements;
            if (sent) continue;
            const auto passed = error_lines_.admit(sent.error().text, Clock::now());
            if (passed)
                log::warning("({}) {}{}", settings_->name, sent.error().text, log::suppressed_note(*passed));
        }
    }
}

void Router::act(const fsm::Log& action) {
    if (action.detail && !around_.log_detail) return;
    log::message(kLevels[static_cast<std::size_t>(action.level)], "{}", action.text);
}

void Router::act(const fsm::Notify& action) {
    around_.notifier.notify(*settings_, action);
}

void Router::act(const fsm::Transition& action) {
    if (action.to == fsm::Role::master) ++counters_.became_master;
    if (action.from == fsm::Role::master) ++counters_.released_master;
    history_.push_back({std::chrono::system_clock::now(), action.from, action.to, action.reason});
    if (history_.size() > kHistory) history_.pop_front();
    around_.on_transition(*this);
}

void Router::act(const fsm::Finished&) {
    // The machine has let go; after -V the addresses stay, but they are nobody's.
    holding_ = false;
    around_.announcements.forget(this);
    around_.on_finished(*this);
}

}  // namespace vrrpd::engine
