#include "vrrpd/engine/script_runner.h"

#include <utility>

#include "common/logging.h"

namespace vrrpd::engine {

namespace log = common::log;
using common::Clock;
using common::process::HelperEvent;

ScriptRunner::ScriptRunner(boost::asio::io_context& io, HelperPort& helper, config::Script script,
                           Account account, std::function<void()> changed)
    : helper_(helper),
      script_(std::move(script)),
      account_(std::move(account)),
      changed_(std::move(changed)),
      timer_(io) {
    if (script_.init_fail) {
        counter_ = {fsm::Health::bad, 0};
        result_ = {fsm::Health::bad, 0, "init_fail"};
    }
}

ScriptRunner::~ScriptRunner() {
    helper_.forget(job_);
}

void ScriptRunner::start() {
    stopped_ = false;
    next_ = Clock::now();
    due();
}

void ScriptRunner::stop() {
    stopped_ = true;
    timer_.cancel();
}

void ScriptRunner::run_now() {
    if (stopped_) return;
    if (running_) {
        again_ = true;
        return;
    }
    next_ = Clock::now();
    due();
}

void ScriptRunner::reconfigure(config::Script script, Account account) {
    const bool new_rhythm = script.interval != script_.interval;
    script_ = std::move(script);
    account_ = std::move(account);
    if (new_rhythm && !stopped_) arm(Clock::now() + script_.interval);
}

void ScriptRunner::arm(common::TimePoint when) {
    next_ = when;
    timer_.expires_at(when);
    timer_.async_wait([this](boost::system::error_code error) {
        if (!error && !stopped_) due();
    });
}

void ScriptRunner::due() {
    const auto now = Clock::now();
    if (running_) {
        // Once per run: one that hangs for long says it once.
        if (!std::exchange(skipped_, true)) {
            log::info("Track script {} is already running, expect idle - skipping run", script_.name);
        }
    } else {
        launch();
    }
    // In step with the first run; runs missed while the machine slept are not made up for.
    const auto next = next_ + script_.interval;
    arm(next > now ? next : now + script_.interval);
}

void ScriptRunner::launch() {
    running_ = true;
    timed_out_ = again_ = skipped_ = false;
    ++runs_;
    common::process::HelperJob job = account_.job_of(script_.command);
    job.timeout = std::chrono::ceil<std::chrono::milliseconds>(script_.timeout);
    job_ = helper_.run(std::move(job), [this](const HelperEvent& event) { on_event(event); });
}

void ScriptRunner::on_event(const HelperEvent& event) {
    if (event.kind == HelperEvent::Kind::timed_out) {
        timed_out_ = true;
        log::info("VRRP_Script({}) timed out", script_.name);
        return count(false, "timed out");
    }
    running_ = false;
    last_end_ = Clock::now();
    const bool repeat = again_ && !stopped_;
    if (!timed_out_) {
        const bool exited = event.kind == HelperEvent::Kind::exited;
        if (exited && last_status_ && *last_status_ != event.status) {
            log::info("Script `{}` now returning {}", script_.name, event.status);
        }
        if (exited) last_status_ = event.status;
        count(exited && event.status == 0, event.describe());
    }
    if (repeat) run_now();
}

void ScriptRunner::count(bool good, const std::string& detail) {
    const fsm::Health before = counter_.health;
    counter_ = fsm::advance(counter_, script_.counts, good, suspended_);
    if (counter_.health != before) {
        if (counter_.health == fsm::Health::good) {
            log::info("VRRP_Script({}) succeeded", script_.name);
        } else {
            log::info("VRRP_Script({}) failed ({})", script_.name, detail);
        }
    }
    const fsm::TrackResult next{counter_.health, 0,
                                counter_.health == fsm::Health::bad && !good ? detail : result_.detail};
    const bool different = next.health != result_.health;
    result_ = next;
    if (good && counter_.health == fsm::Health::good) result_.detail = detail;
    if (different) changed_();
}

}  // namespace vrrpd::engine
