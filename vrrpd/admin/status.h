// The state of the keeper as values: what `vrrpd --show --json` prints and --show makes text of.
#pragma once

#include <boost/json/object.hpp>
#include <chrono>
#include <string>

#include "vrrpd/engine/engine.h"

namespace vrrpd::admin {

// What the engine does not know about its process.
struct ProcessInfo {
    std::string release;
    std::string config_path;
    std::chrono::system_clock::time_point started;
    struct Reload {
        std::chrono::system_clock::time_point at{};  // none yet: the epoch
        std::string refused;                         // the first error, if it was refused
    };
    Reload reload{};
};

// Times are milliseconds from now (`..._ms_ago`, `in_ms`) or Unix milliseconds (`..._at_ms`).
boost::json::object status_of(const engine::Engine& engine, const ProcessInfo& process);

}  // namespace vrrpd::admin
