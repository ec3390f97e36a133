// What lets the keeper run when the machine is busy, and what it gives up once it runs.
#pragma once

#include <functional>
#include <string>

#include "common/clock.h"
#include "common/error.h"
#include "vrrpd/config/model.h"

namespace vrrpd::io {

// vrrp_rt_priority, vrrp_priority, vrrp_no_swap, vrrp_cpu_affinity, vrrp_rlimit_rttime. With adverts below a
// second and no setting of its own, real-time scheduling of the lowest priority is tried quietly. Whoever
// runs in real time keeps the memory it has used; vrrp_no_swap keeps all. Call it after the helper process
// was forked.
common::Result<> apply_scheduling(const config::Config& config);

// SCHED_RR of this priority (1-99) for the calling process; `runaway`: what one turn may compute then.
common::Result<> set_realtime(int priority, common::Duration runaway);

// max_auto_priority: the real-time priority rises by one each time a timer ran late, first from none to 1.
class AutoPriority {
 public:
    using Set = std::function<common::Result<>(int priority)>;
    AutoPriority(config::AutoPriority settings, int priority, Set set)
        : settings_(settings), priority_(priority), set_(std::move(set)) {}

    // A timer ended this long after it was due.
    void note(common::Duration late);
    int priority() const { return priority_; }

 private:
    config::AutoPriority settings_;
    int priority_;  // 0: ordinary scheduling
    Set set_;
};

// Keeps CAP_NET_ADMIN and CAP_NET_RAW for the network, CAP_DAC_OVERRIDE for files at a reload, CAP_SYS_NICE,
// and CAP_IPC_LOCK for locked memory that grows; drops the rest, for ever. Without root nothing happens. Call
// it after the helper process was forked: scripts need setuid.
common::Result<> drop_capabilities();

}  // namespace vrrpd::io
