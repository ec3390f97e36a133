// Prometheus text (exposition format 0.0.4): the families of the usual keepalived exporters with their names,
// labels and values, and vrrpd's own beside them.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "vrrpd/admin/keepalived_dump.h"

namespace vrrpd::admin {

struct ProcessMetrics {
    std::chrono::system_clock::time_point started;
    std::size_t reloads = 0;
    std::uint64_t unknown_vrids = 0;
    engine::LateTimers late_timers{};
    bool proxy_link_up = false;
    std::string release;
};

std::string metrics(const Dump& dump, const ProcessMetrics& process);

}  // namespace vrrpd::admin
