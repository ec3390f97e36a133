// keepalived's own dumps, laid out as keepalived 2.2.7 writes them, because exporters and scripts parse them:
// keepalived.json (signal 36), keepalived.stats (SIGUSR2), keepalived.data (SIGUSR1). What keepalived knows
// and vrrpd has not (file descriptors, its processes) is left out of the last.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "vrrpd/config/model.h"
#include "vrrpd/engine/engine.h"

namespace vrrpd::admin {

// One virtual router as the dumps need it; refers to what it was made of.
struct DumpInstance {
    const config::Instance& settings;
    const fsm::Params& params;
    const fsm::State& state;
    const engine::Counters& counters;
    std::chrono::system_clock::time_point last_transition;
    bool holds_addresses = false;
    std::function<bool(const config::AddressEntry&)> is_set;
};

struct Dump {
    const config::Config& config;
    std::vector<DumpInstance> instances;
    std::function<fsm::TrackResult(const fsm::TrackRule&)> result_of;
    std::function<fsm::Role(const std::string& group)> role_of_group;
};

Dump dump_of(const engine::Engine& engine);

std::string keepalived_json(const Dump& dump);
std::string keepalived_stats(const Dump& dump);
std::string keepalived_data(const Dump& dump);

// ---- what they share

// keepalived's counters, in the order of its JSON.
struct Tally {
    std::string_view json, heading, label;  // a heading begins a new block of the statistics
    std::string_view metric;                // of its exporters
    std::uint64_t (*value)(const engine::Counters&);
};
std::span<const Tally> tallies();

// VRRP_STATE_*: INIT 0, BACKUP 1, MASTER 2, FAULT 3, STOP 98.
int state_number(fsm::Role role);

// "192.168.36.100/24 dev eth0 scope global label eth0:1 set"
std::string describe_address(const config::AddressEntry& entry, const std::string& interface, bool set);
// "'/usr/bin/check' 'with argument'"
std::string describe_command(const config::Command& command);

}  // namespace vrrpd::admin
