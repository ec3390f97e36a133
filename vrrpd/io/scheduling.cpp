#include "vrrpd/io/scheduling.h"

#include <cap-ng.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>

#include "common/logging.h"

namespace vrrpd::io {
namespace {

constexpr int kQuietPriority = 1;  // SCHED_RR; above everything ordinary, below everything that asks for more

common::Result<> set_affinity(const std::vector<int>& processors) {
    cpu_set_t set;
    CPU_ZERO(&set);
    for (const int number : processors) CPU_SET(static_cast<std::size_t>(number), &set);
    if (::sched_setaffinity(0, sizeof set, &set) == 0) return {};
    return common::fail_errno("cannot set vrrp_cpu_affinity");
}

// Locked memory counts against a limit, and beyond it the kernel gives none at all: what is to come is locked
// only where no limit holds, which the lowest one shows.
common::Result<> lock_memory(int which) {
    rlimit limit{};
    ::getrlimit(RLIMIT_MEMLOCK, &limit);
    rlimit lowest = limit;
    if (limit.rlim_cur != RLIM_INFINITY) lowest.rlim_cur = 0;
    ::setrlimit(RLIMIT_MEMLOCK, &lowest);
    const bool done = ::mlockall(MCL_CURRENT | MCL_FUTURE | which) == 0;
    ::setrlimit(RLIMIT_MEMLOCK, &limit);
    if (!done && ::mlockall(MCL_CURRENT | which) < 0) return common::fail_errno("cannot lock the memory");
    return {};
}

}  // namespace

// A loop gone wild with real-time priority would take the machine with it: the kernel says SIGXCPU then.
common::Result<> set_realtime(int priority, common::Duration runaway) {
    const auto most = std::chrono::duration_cast<std::chrono::microseconds>(runaway).count();
    const rlimit limit{static_cast<rlim_t>(most), RLIM_INFINITY};
    ::setrlimit(RLIMIT_RTTIME, &limit);
    sched_param parameters{};
    parameters.sched_priority = std::min(priority, ::sched_get_priority_max(SCHED_RR));
    if (::sched_setscheduler(0, SCHED_RR | SCHED_RESET_ON_FORK, &parameters) < 0) {
        return common::fail_errno("cannot set real-time priority " + std::to_string(priority));
    }
    return {};
}

void AutoPriority::note(common::Duration late) {
    if (priority_ >= settings_.most || late < settings_.late) return;
    if (auto done = set_(priority_ + 1); !done) {
        common::log::warning("max_auto_priority: {}", done.error().text);
        settings_.most = 0;  // it will not be allowed later either
        return;
    }
    ++priority_;
    common::log::warning("A timer ran {:g} s late: real-time priority is {} now",
                         std::chrono::duration<double>(late).count(), priority_);
}

common::Result<> apply_scheduling(const config::Config& config) {
    const config::Globals& globals = config.globals;
    if (globals.nice != 0 && ::setpriority(PRIO_PROCESS, 0, globals.nice) < 0) {
        return common::fail_errno("cannot set vrrp_priority " + std::to_string(globals.nice));
    }
    if (globals.no_swap) {
        if (auto done = lock_memory(0); !done) return done;
    }
    if (!globals.processors.empty()) {
        if (auto done = set_affinity(globals.processors); !done) return done;
    }
    const bool fast = std::ranges::any_of(config.instances, [](const config::Instance& one) {
        return one.advert_interval < std::chrono::seconds(1);
    });
    if (globals.realtime_priority == 0 && !fast) return {};
    // A page of the program that has to come from the disk again makes the first in line wait like the last:
    // what has been used stays. Where that is not allowed it has to do without.
    if (!globals.no_swap) (void)lock_memory(MCL_ONFAULT);
    if (globals.realtime_priority > 0) return set_realtime(globals.realtime_priority, globals.runaway);
    (void)set_realtime(kQuietPriority, globals.runaway);  // not allowed: the late-timer rules have to do
    return {};
}

common::Result<> drop_capabilities() {
    if (::geteuid() != 0) return {};
    ::capng_clear(CAPNG_SELECT_BOTH);
    ::capng_updatev(CAPNG_ADD, static_cast<capng_type_t>(CAPNG_EFFECTIVE | CAPNG_PERMITTED), CAP_NET_ADMIN,
                    CAP_NET_RAW, CAP_DAC_OVERRIDE, CAP_SYS_NICE, CAP_IPC_LOCK, -1);
    if (::capng_apply(CAPNG_SELECT_BOTH) < 0) return common::fail_errno("cannot drop capabilities");
    return {};
}

}  // namespace vrrpd::io
