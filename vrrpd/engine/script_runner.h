// One vrrp_script: runs at once and then at each interval, through the helper process; never twice at the
// same time.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>

#include "common/clock.h"
#include "vrrpd/config/model.h"
#include "vrrpd/engine/helper_port.h"
#include "vrrpd/engine/users.h"
#include "vrrpd/fsm/tracking.h"

namespace vrrpd::engine {

class ScriptRunner {
 public:
    // `changed` is called when result() has changed.
    ScriptRunner(boost::asio::io_context& io, HelperPort& helper, config::Script script, Account account,
                 std::function<void()> changed);
    ~ScriptRunner();

    void start();
    // No further runs; one that is under way goes on without us (it may be the one that stops us).
    void stop();
    // Something has happened that the script may know more about: runs now, or once more when it runs
    // already.
    void run_now();
    // The proxy reloads: failures do not count meanwhile.
    void suspend(bool suspended) { suspended_ = suspended; }

    // A reload: other numbers for the same command keep its results.
    void reconfigure(config::Script script, Account account);

    const config::Script& script() const { return script_; }
    const fsm::TrackResult& result() const { return result_; }
    std::uint64_t runs() const { return runs_; }
    common::TimePoint last_end() const { return last_end_; }  // kNever: no result yet
    bool running() const { return running_; }

 private:
    void arm(common::TimePoint when);
    void due();
    void launch();
    void on_event(const common::process::HelperEvent& event);
    void count(bool good, const std::string& detail);

    HelperPort& helper_;
    config::Script script_;
    Account account_;
    std::function<void()> changed_;
    boost::asio::steady_timer timer_;
    common::TimePoint next_{};
    bool stopped_ = true;
    bool suspended_ = false;
    bool running_ = false;
    bool timed_out_ = false;  // the run under way has been counted already
    bool skipped_ = false;    // a run has been left out because of it
    bool again_ = false;      // run once more when it ends
    std::uint64_t job_ = 0;
    std::uint64_t runs_ = 0;
    common::TimePoint last_end_ = common::kNever;
    std::optional<int> last_status_;
    fsm::Counter counter_;
    fsm::TrackResult result_;
};

}  // namespace vrrpd::engine
