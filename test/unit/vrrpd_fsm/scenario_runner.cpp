#include "scenario_runner.h"

#include <cstdio>
#include <functional>
#include <map>
#include <sstream>
#include <stdexcept>

namespace vrrpd::test {
namespace {

using namespace std::chrono_literals;
using common::Duration;
using packet::IpAddress;

Duration time_of(const std::string& text) {
    return std::chrono::microseconds(static_cast<std::int64_t>(std::stod(text) * 1e6 + 0.5));
}

std::string text_of(Duration time) {
    char text[32];
    std::snprintf(text, sizeof text, "%.3f", std::chrono::duration<double>(time).count());
    return text;
}

IpAddress ip(const std::string& text) {
    return IpAddress::parse(text).value();
}

std::optional<IpAddress> ip_or_none(const std::string& text) {
    return text == "none" ? std::nullopt : std::optional(ip(text));
}

std::vector<std::string> words_of(const std::string& line) {
    std::istringstream in(line);
    std::vector<std::string> words;
    for (std::string word; in >> word;) words.push_back(word);
    return words;
}

std::pair<std::string, std::string> option_of(const std::string& word) {
    const auto at = word.find('=');
    if (at == std::string::npos) return {word, "1"};
    return {word.substr(0, at), word.substr(at + 1)};
}

std::string lower_name(fsm::NotifyEvent event) {
    static constexpr const char* kNames[] = {
        "master", "backup", "fault", "stop", "deleted", "lower_prio_received", "priority_changed"};
    return kNames[static_cast<std::size_t>(event)];
}

}  // namespace

ScenarioRunner::ScenarioRunner() : now_(common::TimePoint{} + 1000s), command_time_(now_) {
    params_.name = "VI_1";
    params_.interface = "eth0";
    params_.vrid = 51;
    params_.addresses = {{ip("192.168.36.100"), "eth0"}};
}

void ScenarioRunner::set_param(const std::string& name, const std::string& value) {
    const bool on = value == "1";
    const std::map<std::string, std::function<void()>> rows{
        {"priority", [&] { params_.priority = static_cast<std::uint8_t>(std::stoi(value)); }},
        {"version", [&] { params_.version = std::stoi(value); }},
        {"interval", [&] { params_.advert_interval = time_of(value); }},
        {"down_timer_adverts", [&] { params_.down_timer_adverts = std::stoi(value); }},
        {"start_master", [&] { params_.start_master = on; }},
        {"nopreempt", [&] { params_.nopreempt = on; }},
        {"expired_priority", [&] { params_.expired_priority = static_cast<std::uint8_t>(std::stoi(value)); }},
        {"preempt_delay", [&] { params_.preempt_delay = time_of(value); }},
        {"copy_addresses", [&] { params_.copy_addresses = on; }},
        {"lower_prio_no_advert", [&] { params_.lower_prio_no_advert = on; }},
        {"dont_track_primary", [&] { params_.dont_track_primary = on; }},
        {"startup_delay", [&] { params_.startup_delay = time_of(value); }},
        {"stop_hold", [&] { params_.stop_hold = time_of(value); }},
        {"garp_delay", [&] { params_.announcing.delay = time_of(value); }},
        {"garp_refresh", [&] { params_.announcing.refresh = time_of(value); }},
        {"garp_extra",
         [&] {
             params_.announcing.extra = time_of(value);
             params_.addresses.push_back({ip("192.168.37.100"), "vrrp1.51", true});
         }},
        {"no_peer", [&] { params_.no_peer = on; }},
        {"owner_ignores_adverts", [&] { params_.owner_ignores_adverts = on; }},
        {"reassure", [&] { params_.announcing.reassure = time_of(value); }},
        {"lower_prio_repeat", [&] { params_.announcing.lower_prio_repeat = std::stoi(value); }},
    };
    const auto row = rows.find(name);
    if (row == rows.end()) throw std::invalid_argument("no parameter " + name);
    row->second();
}

void ScenarioRunner::set_params(const std::vector<std::string>& words) {
    for (std::size_t i = 1; i < words.size(); ++i) {
        const auto [name, value] = option_of(words[i]);
        set_param(name, value);
    }
}

void ScenarioRunner::start(const std::vector<std::string>& words) {
    fsm::Start event;
    event.source = ip("192.168.36.129");
    for (std::size_t i = 1; i < words.size(); ++i) {
        const auto [name, value] = option_of(words[i]);
        if (name == "source")
            event.source = ip_or_none(value);
        else if (name == "link")
            event.link_up = value == "up";
        else if (name == "pending")
            event.tracking.pending = true, event.tracking.settled = false;
        else if (name == "unsettled")
            event.tracking.settled = false;
        else if (name == "resume")
            event.resume = fsm::Resume{static_cast<std::uint8_t>(std::stoi(value))};
        else
            throw std::invalid_argument("no start option " + name);
    }
    deliver(event);
}

void ScenarioRunner::track(const std::vector<std::string>& words) {
    fsm::Tracking tracking;
    for (std::size_t i = 1; i < words.size(); ++i) {
        const auto [name, value] = option_of(words[i]);
        if (name == "delta")
            tracking.delta = std::stoi(value);
        else if (name == "bad")
            tracking.healthy = false;
        else if (name == "fault")
            tracking.fault = true, tracking.healthy = false;
        else if (name == "pending")
            tracking.pending = true, tracking.settled = false;
        else if (name == "unsettled")
            tracking.settled = false;
        else {
            for (; i < words.size(); ++i) tracking.reason += (tracking.reason.empty() ? "" : " ") + words[i];
        }
    }
    deliver(fsm::TrackingChanged{tracking});
}

void ScenarioRunner::hear(const std::vector<std::string>& words) {
    fsm::AdvertReceived event{ip(words.at(3)), static_cast<std::uint8_t>(std::stoi(words.at(1))),
                              params_.advert_interval};
    for (std::size_t i = 4; i < words.size(); ++i) {
        if (words[i] == "interval")
            event.interval = time_of(words.at(++i));
        else if (words[i] == "with")
            event.other_addresses.emplace();
        else
            event.other_addresses.value().push_back(ip(words[i]));
    }
    deliver(event);
}

void ScenarioRunner::deliver(const fsm::Event& event) {
    fsm::Step done = fsm::step(params_, std::move(state_), event, now_);
    state_ = std::move(done.next);
    for (const fsm::Action& action : done.actions) render(action);
}

void ScenarioRunner::advance(Duration time) {
    const common::TimePoint end = now_ + time;
    // A machine that leaves a deadline in the past would spin: the bound makes that a failure, not a hang.
    for (int turns = 0; fsm::next_deadline(state_) <= end; ++turns) {
        if (turns == 100'000) throw std::runtime_error("the machine spins");
        now_ = std::max(now_, fsm::next_deadline(state_));
        deliver(fsm::Timer{});
    }
    now_ = end;
}

void ScenarioRunner::render(const fsm::Action& action) {
    struct Renderer {
        std::string operator()(const fsm::SendAdvert& a) const {
            std::string text = "send advert " + std::to_string(a.priority);
            if (a.addresses) text += " with";
            for (const IpAddress& address : a.addresses.value_or(std::vector<IpAddress>())) {
                text += " " + address.to_string();
            }
            return text;
        }
        std::string operator()(const fsm::AddAddresses&) const { return "add addresses"; }
        std::string operator()(const fsm::RemoveAddresses&) const { return "remove addresses"; }
        std::string operator()(const fsm::Announce& a) const {
            return "announce " + (a.only ? a.only->to_string() + " " : std::string()) +
                   std::to_string(a.repeat) + "x";
        }
        std::string operator()(const fsm::Log& a) const { return (a.detail ? "detail: " : "log: ") + a.text; }
        std::string operator()(const fsm::Notify& a) const {
            return "notify " + lower_name(a.event) + " " + std::to_string(a.priority);
        }
        std::string operator()(const fsm::Transition& a) const {
            return std::string(fsm::name_of(a.from)) + " -> " + std::string(fsm::name_of(a.to)) + ": " +
                   a.reason;
        }
        std::string operator()(const fsm::Finished&) const { return "finished"; }
    };
    if (now_ != command_time_) out_ += "+" + text_of(now_ - command_time_) + " ";
    out_ += std::visit(Renderer{}, action) + "\n";
}

std::string ScenarioRunner::state_line() const {
    static constexpr const char* kRoles[] = {"init",  "backup",   "master", "yielding",
                                             "fault", "stopping", "stopped"};
    std::string line = std::string("= ") + kRoles[static_cast<std::size_t>(state_.role)];
    if (state_.started) line += ", priority " + std::to_string(state_.priority);
    if (state_.deadlines.main != common::kNever)
        line += ", timer in " + text_of(state_.deadlines.main - now_);
    if (!state_.reason.empty()) line += ": " + state_.reason;
    return line + "\n";
}

std::string ScenarioRunner::run(const std::string& command) {
    const std::vector<std::string> words = words_of(command);
    const std::string& verb = words.at(0);
    out_.clear();
    command_time_ = now_;
    if (verb == "params")
        set_params(words);
    else if (verb == "start")
        start(words);
    else if (verb == "advert") {
        hear(words);
    } else if (verb == "wait")
        advance(time_of(words.at(1)));
    else if (verb == "late") {
        now_ += time_of(words.at(1));
        deliver(fsm::Timer{});
    } else if (verb == "sleep") {  // what was queued meanwhile comes before the timer
        now_ += time_of(words.at(1));
    } else if (verb == "link")
        deliver(fsm::LinkChanged{words.at(1) == "up"});
    else if (verb == "source")
        deliver(fsm::SourceChanged{ip_or_none(words.at(1))});
    else if (verb == "lost")
        deliver(fsm::AddressLost{ip(words.at(1))});
    else if (verb == "stop") {
        const std::string how = words.size() > 1 ? words[1] : "";
        deliver(fsm::Stop{how == "keep", how == "removed"});
    } else if (verb == "reload") {
        fsm::Reconfigured change;
        for (std::size_t i = 1; i < words.size(); ++i) change.added.push_back(ip(words[i]));
        deliver(change);
    } else if (verb == "tracking")
        track(words);
    else
        throw std::invalid_argument("no command " + verb);
    return out_ + state_line();
}

}  // namespace vrrpd::test
