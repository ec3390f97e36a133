// One virtual router at work: events go into the state machine (vrrpd/fsm), the actions that come out are
// carried out on the node. Everything runs on the engine's one thread.
#pragma once

#include <array>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <deque>
#include <memory>
#include <string>

#include "common/logging.h"
#include "vrrpd/config/model.h"
#include "vrrpd/engine/advert_hub.h"
#include "vrrpd/engine/announce_queue.h"
#include "vrrpd/engine/notifier.h"
#include "vrrpd/fsm/machine.h"
#include "vrrpd/io/network.h"
#include "vrrpd/io/state_file.h"

namespace vrrpd::engine {

class Router;

// What the routers of a node share. All of it outlives them.
struct Surroundings {
    boost::asio::io_context& io;
    io::Network& network;
    AnnounceQueue& announcements;
    io::StateFile& state_file;
    AdvertHub& adverts;
    Notifier& notifier;
    bool log_detail = false;                        // -D
    std::function<void(common::Duration)> on_late;  // a timer ended so long after it was due
    std::function<void(Router&)> on_transition;
    std::function<void(Router&)> on_finished;
    std::function<void(Router&)> on_step;  // after each event, its actions done
};

struct Counters {
    std::uint64_t became_master = 0, released_master = 0;
    std::uint64_t adverts_sent = 0;
    std::uint64_t send_errors = 0;
    std::uint64_t adverts_received = 0;  // valid ones
    std::uint64_t priority_zero_sent = 0, priority_zero_received = 0;
    std::uint64_t address_list_differs = 0;
    std::array<std::uint64_t, packet::kDropReasons> dropped{};
    std::uint64_t announcements = 0;
    std::uint64_t addresses_restored = 0;
    std::uint64_t routes_restored = 0;  // and rules
};

// For `vrrpd --show`: the newest is last.
struct HistoryEntry {
    std::chrono::system_clock::time_point at;
    fsm::Role from, to;
    std::string reason;
};

class Router {
 public:
    Router(Surroundings& around, std::shared_ptr<const config::Config> config,
           const config::Instance& settings);
    Router(const Router&) = delete;
    Router& operator=(const Router&) = delete;

    // Opens the socket; looks at link, addresses and the state file; the election begins.
    // `may_resume`: false where the rest of its sync group cannot.
    void start(const fsm::Tracking& tracking, bool may_resume = true);
    void stop(bool keep_addresses, bool removed);
    // SIGHUP: the same virtual router with new settings. The role stays; addresses are diffed.
    void reconfigure(std::shared_ptr<const config::Config> config, const config::Instance& settings,
                     const fsm::Tracking& tracking);

    // Whether a former life as master can go on.
    bool can_resume() const { return former_life().has_value(); }
    // What its sync group asks for.
    void obey(const fsm::Event& order) { deliver(order); }

    void on_tracking(const fsm::Tracking& tracking);
    void on_datagram(const packet::Datagram& datagram);
    void on_link(const io::Link& link, bool gone);
    void on_address(const io::NodeAddress& address, bool present);
    void on_route_gone(const io::RouteGone& gone);
    // Some of our routes or rules may be gone: after the news of this moment restore_routes() looks.
    void doubt_routes() { routes_doubted_ = true; }
    void restore_routes();

    const config::Instance& settings() const { return *settings_; }
    const config::Globals& globals() const { return config_->globals; }
    const fsm::Params& params() const { return params_; }
    const fsm::State& state() const { return state_; }
    const Counters& counters() const { return counters_; }
    void clear_counters() { counters_ = {}; }
    bool holds_addresses() const { return holding_; }
    bool is_set(const config::AddressEntry& entry) const;  // asks the kernel
    const std::deque<HistoryEntry>& history() const { return history_; }
    packet::IpAddress group() const { return group_; }
    // Whether it hears or sends adverts of that family there.
    bool uses(const std::string& interface, packet::Family family) const;

 private:
    void deliver(const fsm::Event& event);
    void run(const fsm::Action& action);
    void postpone(fsm::Actions addresses, fsm::Actions words);
    common::TimePoint on_grid(common::TimePoint deadline) const;
    void arm();
    void act(const fsm::SendAdvert& action);
    void act(const fsm::AddAddresses& action);
    void act(const fsm::RemoveAddresses& action);
    void act(const fsm::Announce& action);
    void act(const fsm::Log& action);
    void act(const fsm::Notify& action);
    void act(const fsm::Transition& action);
    void act(const fsm::Finished& action);

    void adopt(std::shared_ptr<const config::Config> config, const config::Instance& settings);
    void listen();
    void on_vmac(const std::string& name);
    void look_for_source();
    void note_source(const std::optional<packet::IpAddress>& source);
    std::optional<packet::IpAddress> choose_source() const;
    bool is_virtual(const packet::IpAddress& address) const;
    const config::AddressEntry* entry_of(const io::NodeAddress& address) const;
    const io::Link* link_of(const config::AddressEntry& entry) const;
    bool all_addresses_set() const;
    std::optional<fsm::Resume> former_life() const;
    void remember(std::uint8_t priority, bool master);
    void note_drop(const packet::Datagram& datagram, const packet::Drop& drop);
    void note_difference(const packet::Datagram& datagram, const packet::Advert& advert);
    void add(const config::AddressEntry& entry);
    void remove(const config::AddressEntry& entry);
    void add_routes();
    void remove_routes(const config::Instance& settings);
    void complain(const std::string& text);
    bool diff_routes(const config::Instance& before);

    Surroundings& around_;
    std::shared_ptr<const config::Config> config_;
    const config::Instance* settings_ = nullptr;  // within *config_
    fsm::Params params_;
    fsm::State state_;
    std::vector<packet::IpAddress> advertised_;
    std::vector<packet::IpAddress> peers_;  // unicast
    packet::IpAddress group_;
    std::size_t slot_ = io::StateFile::kNone;
    boost::asio::steady_timer timer_;
    common::TimePoint armed_for_ = common::kNever;
    bool holding_ = false;  // we have set the addresses and not removed them
    bool source_warned_ = false;
    bool old_checksum_ = false;  // old_unicast_checksum, said or learnt from a peer
    bool routes_doubted_ = false;
    bool restoring_ = false;  // what add_routes() finds missing now was deleted by somebody
    std::shared_ptr<void> life_ = std::make_shared<char>();  // for what is posted
    Counters counters_;
    std::deque<HistoryEntry> history_;
    common::log::RateLimiter drop_lines_{std::chrono::seconds(10)};
    common::log::RateLimiter difference_lines_{std::chrono::seconds(60)};
    common::log::RateLimiter error_lines_{std::chrono::seconds(10)};
};

}  // namespace vrrpd::engine
