#include "vrrpd/engine/trackers.h"

#include <algorithm>
#include <boost/asio/post.hpp>

#include "common/logging.h"
#include "vrrpd/engine/users.h"

namespace vrrpd::engine {

namespace log = common::log;
using fsm::TrackKind;

namespace {

// Those of `defined` that an instance tracks.
template <class Tracked>
std::vector<Tracked> used(const config::Config& config, TrackKind kind, const std::vector<Tracked>& defined) {
    std::vector<Tracked> out;
    for (const Tracked& one : defined) {
        const auto tracks = [&](const config::Track& track) {
            return track.rule.kind == kind && track.rule.name == one.name;
        };
        const bool any = std::ranges::any_of(config.instances, [&](const config::Instance& instance) {
            return std::ranges::any_of(instance.tracks, tracks);
        });
        if (any) out.push_back(one);
    }
    return out;
}

}  // namespace

Trackers::Trackers(boost::asio::io_context& io, HelperPort& helper, std::function<void()> changed)
    : io_(io),
      helper_(helper),
      changed_(std::move(changed)),
      files_(io, changed_),
      processes_(io, changed_) {}

void Trackers::configure(const config::Config& config) {
    configure_scripts(config);
    files_.configure(used(config, TrackKind::file, config.track_files));
    processes_.configure(used(config, TrackKind::process, config.track_processes));
}

void Trackers::configure_scripts(const config::Config& config) {
    auto old = std::exchange(scripts_, {});
    disabled_scripts_.clear();
    for (const config::Script& script : used(config, TrackKind::script, config.scripts)) {
        const auto account = account_for(script.command, config.globals);
        const std::string trouble =
            account ? script_trouble(script.command, *account, config.globals.script_security).text
                    : account.error().text;
        if (!trouble.empty()) {
            log::error("{}:{}: vrrp_script {} is disabled: {}", script.where.file, script.where.line,
                       script.name, trouble);
            disabled_scripts_.insert(script.name);
            continue;
        }
        const auto known = old.find(script.name);
        if (known != old.end() && known->second->script().command.argv == script.command.argv) {
            known->second->reconfigure(script, *account);
            scripts_[script.name] = std::move(known->second);
        } else {
            fresh_[script.name] = std::make_unique<ScriptRunner>(io_, helper_, script, *account, changed_);
        }
    }
    for (auto& [name, runner] : old) {
        if (runner) retire(std::move(runner));
    }
}

void Trackers::start() {
    for (auto& [name, runner] : fresh_) {
        runner->start();
        scripts_[name] = std::move(runner);
    }
    fresh_.clear();
}

void Trackers::stop() {
    for (auto& [name, runner] : scripts_) runner->stop();
}

// Freed by a later turn of the loop, behind the handlers that are already queued for it.
void Trackers::retire(std::unique_ptr<ScriptRunner> runner) {
    runner->stop();
    boost::asio::post(io_, [keep = std::shared_ptr<ScriptRunner>(std::move(runner))] {});
}

void Trackers::look() {
    for (auto& [name, runner] : scripts_) runner->run_now();
}

void Trackers::suspend(bool suspended) {
    for (auto& [name, runner] : scripts_) runner->suspend(suspended);
}

bool Trackers::is_left_out(const fsm::TrackRule& rule) const {
    return rule.kind == TrackKind::script && disabled_scripts_.contains(rule.name);
}

fsm::TrackResult Trackers::result(const fsm::TrackRule& rule) const {
    switch (rule.kind) {
        case TrackKind::script: {
            const ScriptRunner* runner = script(rule.name);
            return runner == nullptr ? fsm::TrackResult{} : runner->result();
        }
        case TrackKind::file:
            return files_.result(rule.name);
        case TrackKind::process:
            return processes_.result(rule.name);
        case TrackKind::interface:
        case TrackKind::proxy:
        case TrackKind::statics:
            break;
    }
    return {};
}

const ScriptRunner* Trackers::script(const std::string& name) const {
    const auto found = scripts_.find(name);
    return found == scripts_.end() ? nullptr : found->second.get();
}

}  // namespace vrrpd::engine
