// The vrrp_track_process blocks that instances use: how many of each run. Told by the kernel's process
// connector where it is allowed; elsewhere by looking through /proc, and of an end by pidfd at once.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "vrrpd/config/model.h"
#include "vrrpd/fsm/tracking.h"
#include "vrrpd/io/process_events.h"
#include "vrrpd/io/process_table.h"

namespace vrrpd::engine {

class ProcessTrackers {
 public:
    // `changed` is called when a result() has changed, not from within configure().
    // `use_connector` false: as if the kernel refused it.
    ProcessTrackers(boost::asio::io_context& io, std::function<void()> changed, bool use_connector = true);
    ~ProcessTrackers();
    ProcessTrackers(const ProcessTrackers&) = delete;
    ProcessTrackers& operator=(const ProcessTrackers&) = delete;

    // What to count from now on. Looks through the whole table of processes when something is new.
    void configure(const std::vector<config::TrackProcess>& processes);

    fsm::TrackResult result(const std::string& name) const;

 private:
    struct Rule {
        Rule(boost::asio::io_context& io, config::TrackProcess wanted)
            : settings(std::move(wanted)), delay(io) {}
        config::TrackProcess settings;
        int running = 0;
        std::optional<bool> enough;  // what counts; none: not looked yet
        boost::asio::steady_timer delay;
        bool delaying = false;
    };
    // A process that one of the rules counts.
    struct Counted {
        std::vector<Rule*> rules;
        std::shared_ptr<boost::asio::posix::stream_descriptor> end;
    };

    void begin();
    void listen();
    void look_again();
    void look_at_some();
    void look(pid_t pid);
    void forget(pid_t pid);
    void watch_end(pid_t pid, Counted& counted);
    void judge();
    void judge(const std::shared_ptr<Rule>& rule);
    void settle(Rule& rule, bool enough);

    boost::asio::io_context& io_;
    std::function<void()> changed_;
    bool use_connector_;
    bool begun_ = false;
    bool quiet_ = false;  // in configure(): the caller looks at the results itself
    std::optional<io::ProcessEvents> events_;
    boost::asio::posix::stream_descriptor watch_;
    boost::asio::steady_timer timer_;
    std::optional<io::ProcessTable> table_;  // of the look that is under way
    std::vector<std::shared_ptr<Rule>> rules_;
    std::map<pid_t, Counted> counted_;
    std::vector<pid_t> seen_;  // by the look that is under way: who is counted and not here has ended
    std::shared_ptr<bool> life_ = std::make_shared<bool>(true);  // for what is posted
};

}  // namespace vrrpd::engine
