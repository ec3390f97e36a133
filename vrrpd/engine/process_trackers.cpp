#include "vrrpd/engine/process_trackers.h"

#include <algorithm>
#include <boost/asio/post.hpp>

#include "common/logging.h"

namespace vrrpd::engine {

namespace log = common::log;
using boost::asio::posix::stream_descriptor;

namespace {

constexpr auto kLookEvery = std::chrono::seconds(1);  // where the kernel does not tell
constexpr int kPart = 64;                             // processes looked at in one turn of the loop

}  // namespace

ProcessTrackers::ProcessTrackers(boost::asio::io_context& io, std::function<void()> changed,
                                 bool use_connector)
    : io_(io), changed_(std::move(changed)), use_connector_(use_connector), watch_(io), timer_(io) {}

ProcessTrackers::~ProcessTrackers() {
    if (watch_.is_open()) watch_.release();
}

void ProcessTrackers::configure(const std::vector<config::TrackProcess>& processes) {
    auto before = std::exchange(rules_, {});
    for (const config::TrackProcess& wanted : processes) {
        const auto known = std::ranges::find_if(before, [&](const std::shared_ptr<Rule>& rule) {
            return rule && rule->settings.name == wanted.name;
        });
        auto rule = std::make_shared<Rule>(io_, wanted);
        if (known != before.end()) rule->enough = (*known)->enough;
        rules_.push_back(std::move(rule));
    }
    counted_.clear();
    table_.reset();
    if (rules_.empty()) {
        timer_.cancel();
        return;
    }
    if (!begun_) begin();
    // Whole, once: an instance must not begin with a process that is not counted yet.
    quiet_ = true;
    io::ProcessTable all;
    while (const auto pid = all.next()) look(*pid);
    judge();
    quiet_ = false;
    if (!events_) look_again();
}

void ProcessTrackers::begin() {
    begun_ = true;
    auto opened = use_connector_ ? io::ProcessEvents::open()
                                 : common::Result<io::ProcessEvents>(common::fail("not wanted"));
    if (opened) {
        events_ = std::move(*opened);
        watch_.assign(events_->fd());
        listen();
        log::info("track_process: the kernel tells of processes (process connector)");
    } else {
        log::info(
            "track_process: the process connector is {}: /proc is looked through every {} s, the end of a "
            "process is seen at once (pidfd)",
            opened.error().text, kLookEvery.count());
    }
}

void ProcessTrackers::listen() {
    watch_.async_wait(stream_descriptor::wait_read, [this](boost::system::error_code error) {
        if (error) return;
        using Kind = io::ProcessEvent::Kind;
        for (const io::ProcessEvent& event : events_->receive()) {
            if (rules_.empty()) continue;
            if (event.kind == Kind::changed) look(event.pid);
            if (event.kind == Kind::ended) forget(event.pid);
            if (event.kind == Kind::lost && !table_) {
                log::warning("track_process: the kernel dropped events: all processes are looked at again");
                look_at_some();
            }
        }
        judge();
        listen();
    });
}

// The rounds of looking, where nobody tells.
void ProcessTrackers::look_again() {
    timer_.expires_after(kLookEvery);
    timer_.async_wait([this](boost::system::error_code error) {
        if (error || rules_.empty()) return;
        if (!table_) look_at_some();
        look_again();
    });
}

// A part of the table, then the loop's other work.
void ProcessTrackers::look_at_some() {
    if (!table_) {
        table_.emplace();
        seen_.clear();
    }
    for (int i = 0; i < kPart; ++i) {
        const auto pid = table_->next();
        if (!pid) {
            table_.reset();
            std::ranges::sort(seen_);
            std::erase_if(counted_,
                          [this](const auto& one) { return !std::ranges::binary_search(seen_, one.first); });
            return judge();
        }
        look(*pid);
    }
    boost::asio::post(io_, [this, life = std::weak_ptr<bool>(life_)] {
        if (!life.expired() && table_) look_at_some();
    });
}

void ProcessTrackers::look(pid_t pid) {
    const bool by_command =
        std::ranges::any_of(rules_, [](const auto& rule) { return rule->settings.by_command(); });
    const auto process = io::look_at(pid, by_command);
    std::vector<Rule*> matching;
    for (const auto& rule : rules_) {
        if (process && io::matches(rule->settings, process->name, process->command))
            matching.push_back(rule.get());
    }
    if (matching.empty()) {
        counted_.erase(pid);
        return;
    }
    Counted& counted = counted_[pid];
    counted.rules = std::move(matching);
    if (!events_ && !counted.end) watch_end(pid, counted);
    if (table_) seen_.push_back(pid);
}

void ProcessTrackers::forget(pid_t pid) {
    counted_.erase(pid);
}

void ProcessTrackers::watch_end(pid_t pid, Counted& counted) {
    auto fd = io::watch_end_of(pid);
    if (!fd) return;  // the next look will tell
    counted.end = std::make_shared<stream_descriptor>(io_, fd.release());
    counted.end->async_wait(stream_descriptor::wait_read,
                            [this, pid, life = std::weak_ptr<bool>(life_)](boost::system::error_code error) {
                                if (error || life.expired()) return;
                                forget(pid);
                                judge();
                            });
}

void ProcessTrackers::judge() {
    for (const auto& rule : rules_) rule->running = 0;
    for (const auto& [pid, counted] : counted_) {
        for (Rule* rule : counted.rules) ++rule->running;
    }
    for (const auto& rule : rules_) judge(rule);
}

void ProcessTrackers::judge(const std::shared_ptr<Rule>& owned) {
    Rule& rule = *owned;
    const config::TrackProcess& settings = rule.settings;
    const bool enough = rule.running >= settings.quorum && rule.running <= settings.quorum_max;
    if (rule.enough == enough) {
        rule.delay.cancel();
        rule.delaying = false;
        return;
    }
    const common::Duration delay = enough ? settings.fork_delay : settings.terminate_delay;
    if (!rule.enough || delay <= common::Duration{}) return settle(rule, enough);
    if (std::exchange(rule.delaying, true)) return;
    rule.delay.expires_after(delay);
    rule.delay.async_wait([this, weak = std::weak_ptr<Rule>(owned), enough](boost::system::error_code error) {
        const auto still = weak.lock();
        if (!error && still && still->delaying) settle(*still, enough);
    });
}

void ProcessTrackers::settle(Rule& rule, bool enough) {
    const bool first = !rule.enough;
    rule.delaying = false;
    rule.delay.cancel();
    rule.enough = enough;
    const auto& settings = rule.settings;
    if (!first || !enough) {
        log::info("Quorum {} for tracked process {} ({} running)", enough ? "gained" : "lost", settings.name,
                  rule.running);
    }
    if (!quiet_) changed_();
}

fsm::TrackResult ProcessTrackers::result(const std::string& name) const {
    const auto found =
        std::ranges::find_if(rules_, [&](const auto& rule) { return rule->settings.name == name; });
    if (found == rules_.end() || !(*found)->enough) return {};
    const Rule& rule = **found;
    std::string detail = std::to_string(rule.running) + " running";
    if (!*rule.enough) {
        detail += rule.running < rule.settings.quorum
                      ? ", wanted " + std::to_string(rule.settings.quorum)
                      : ", at most " + std::to_string(rule.settings.quorum_max);
    }
    return {*rule.enough ? fsm::Health::good : fsm::Health::bad, rule.running, detail};
}

}  // namespace vrrpd::engine
