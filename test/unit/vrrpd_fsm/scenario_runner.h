// Replays a text of events against the state machine with a fake clock and renders what it does.
//
//   params priority=101 interval=1 ...     before start, and again (with `reload`) for a reload
//   start | start source=none link=down resume=103
//   advert 102 from 192.168.36.154 [interval 1.0] [with ADDRESS...]     with: a list that is not ours
//   wait 3.605                             the clock moves; every deadline on the way is met exactly
//   late 3.0                               the clock moves, no timer runs until the end (a stopped process)
//   link up|down, source ADDRESS|none, lost ADDRESS, stop [keep|removed], reload [ADDRESS...]
//   tracking delta=2 [bad|fault|pending|unsettled] [reason ...]
//   ----
//   what it must do, one action a line, `+seconds` where it happened later than the event; then the state
#pragma once

#include <string>
#include <vector>

#include "vrrpd/fsm/machine.h"

namespace vrrpd::test {

class ScenarioRunner {
 public:
    ScenarioRunner();
    // Runs one command line; returns its effects, one per line, and the state after it. Throws
    // std::invalid_argument on a line it does not know.
    std::string run(const std::string& command);

 private:
    void set_params(const std::vector<std::string>& words);
    void set_param(const std::string& name, const std::string& value);
    void start(const std::vector<std::string>& words);
    void track(const std::vector<std::string>& words);
    void hear(const std::vector<std::string>& words);
    void advance(common::Duration time);
    void deliver(const fsm::Event& event);
    void render(const fsm::Action& action);
    std::string state_line() const;

    fsm::Params params_;
    fsm::State state_;
    common::TimePoint now_;
    common::TimePoint command_time_;
    std::string out_;
};

}  // namespace vrrpd::test
