// The keeper at work: owns the routers, their trackers and the node's sockets, on one thread and one
// io_context.
//
//   event (packet, netlink, timer, script, proxy) -> Router -> fsm::step -> actions
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "common/control/protocol.h"
#include "common/error.h"
#include "vrrpd/config/model.h"
#include "vrrpd/engine/helper_port.h"
#include "vrrpd/engine/link_delays.h"
#include "vrrpd/engine/node_settings.h"
#include "vrrpd/engine/notifier.h"
#include "vrrpd/engine/proxy_link.h"
#include "vrrpd/engine/router.h"
#include "vrrpd/engine/static_items.h"
#include "vrrpd/engine/sync_groups.h"
#include "vrrpd/engine/trackers.h"
#include "vrrpd/io/scheduling.h"

namespace vrrpd::engine {

struct EngineOptions {
    bool log_detail = false;      // -D
    bool keep_addresses = false;  // -V: a stopped keeper leaves the addresses where they are
    std::string release;          // program version, for the proxy
    std::string state_folder = "/run/vrrpd";
    std::function<void()> roles_changed;  // may be empty
};

// Timers of the election that ended more than a tenth of an advert interval after they were due: how long the
// machine, or this process itself, has kept an advert waiting.
struct LateTimers {
    std::uint64_t count = 0;
    common::Duration longest{};
};

class Engine {
 public:
    // Opens what needs privileges, except for the advert sockets. Nothing is changed on the node yet.
    static common::Result<std::unique_ptr<Engine>> open(boost::asio::io_context& io,
                                                        common::process::HelperProcess helper,
                                                        EngineOptions options);
    ~Engine();
    Engine(const Engine&) = delete;
    Engine& operator=(const Engine&) = delete;

    // The first time starts everything. Later: a reload; virtual routers that are the same (interface, VRID,
    // family) keep their role, addresses are diffed, results of checks stay.
    void configure(std::shared_ptr<const config::Config> config);

    // Priority 0, addresses kept for a moment; `done` is called when the last router has let go. A second
    // call does not wait.
    void stop(std::function<void()> done);

    // A job of the daemon's own for the helper process; `handler` as HelperPort calls it.
    void run_job(common::process::HelperJob job, HelperPort::Handler handler);

    const config::Config& config() const { return *config_; }
    const std::vector<std::unique_ptr<Router>>& routers() const { return routers_; }
    const Trackers& trackers() const { return trackers_; }
    const ProxyLink& proxy() const { return *proxy_; }
    const SyncGroups& groups() const { return groups_; }
    const io::Network& network() const { return *network_; }
    std::vector<fsm::TrackRule> rules_of(const config::Instance& instance) const;
    fsm::TrackResult result_of(const fsm::TrackRule& rule) const;
    std::uint64_t unknown_vrids() const { return unknown_vrids_; }
    const LateTimers& late_timers() const { return late_timers_; }
    std::size_t reloads() const { return reloads_; }
    void clear_counters();
    common::control::Role role() const;

 private:
    Engine(boost::asio::io_context& io, common::process::HelperProcess helper, EngineOptions options,
           std::unique_ptr<io::Network> network, io::Announcer announcer);

    void configure_routers();
    void configure_proxy();
    void watch_routes();
    void watch_timers();
    fsm::Tracking tracking_of(const config::Instance& instance) const;
    void track();
    void wait_for_network();
    void on_network(const io::NetworkChange& change);
    void on_link(const io::Link& link, bool gone);
    void on_datagram(const std::string& interface, packet::Family family, const packet::Datagram& datagram);
    void tell_states();
    void on_transition();
    void on_finished(Router& router);
    void finish();
    template <class Object>
    void bury(std::unique_ptr<Object> object);

    boost::asio::io_context& io_;
    EngineOptions options_;
    std::unique_ptr<io::Network> network_;
    io::Announcer announcer_;
    AnnounceQueue announcements_;
    io::StateFile state_file_;
    HelperPort helper_;
    Notifier notifier_;
    AdvertHub adverts_;
    boost::asio::posix::stream_descriptor network_watch_;
    std::shared_ptr<const config::Config> config_;
    std::unique_ptr<ProxyLink> proxy_;
    Trackers trackers_;
    NodeSettings node_;
    LinkDelays link_delays_;
    StaticItems statics_{io_, *network_, [this] { track(); }};
    std::optional<io::AutoPriority> auto_priority_;
    Surroundings around_;
    std::vector<std::unique_ptr<Router>> routers_;  // in the order of the file
    SyncGroups groups_{notifier_};
    std::vector<std::unique_ptr<Router>> leaving_;  // removed by a reload, letting go
    std::function<void()> done_;                    // set: stopping
    common::log::RateLimiter unknown_lines_{std::chrono::seconds(10)};
    std::uint64_t unknown_vrids_ = 0;
    LateTimers late_timers_;
    std::size_t reloads_ = 0;
};

}  // namespace vrrpd::engine
