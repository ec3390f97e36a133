#include "vrrpd/io/scheduling.h"

#include <cap-ng.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>

namespace vrrpd::io {
namespace {

constexpr int kQuietPriority = 1;  // SCHED_RR; above everything ordinary, below everything that asks for more
// Microseconds that one turn may compute without sleeping before the kernel says SIGXCPU: a loop gone wild
// with real-time priority would take the machine with it. A thousand times what the busiest turn needs.
constexpr rlim_t kRunawayLimit = 2'000'000;

common::Result<> set_realtime(int priority) {
    const rlimit limit{kRunawayLimit, RLIM_INFINITY};
    ::setrlimit(RLIMIT_RTTIME, &limit);
    sched_param parameters{};
    parameters.sched_priority = std::min(priority, ::sched_get_priority_max(SCHED_RR));
    if (::sched_setscheduler(0, SCHED_RR | SCHED_RESET_ON_FORK, &parameters) < 0) {
        return common::fail_errno("cannot set vrrp_rt_priority " + std::to_string(priority));
    }
    return {};
}

}  // namespace

common::Result<> apply_scheduling(const config::Config& config) {
    const config::Globals& globals = config.globals;
    if (globals.nice != 0 && ::setpriority(PRIO_PROCESS, 0, globals.nice) < 0) {
        return common::fail_errno("cannot set vrrp_priority " + std::to_string(globals.nice));
    }
    if (globals.no_swap && ::mlockall(MCL_CURRENT | MCL_FUTURE) < 0) {
        return common::fail_errno("cannot lock the memory for vrrp_no_swap");
    }
    if (globals.realtime_priority > 0) return set_realtime(globals.realtime_priority);
    const bool fast = std::ranges::any_of(config.instances, [](const config::Instance& one) {
        return one.advert_interval < std::chrono::seconds(1);
    });
    if (fast) (void)set_realtime(kQuietPriority);  // where it is not allowed, the late-timer rules have to do
    return {};
}

common::Result<> drop_capabilities() {
    if (::geteuid() != 0) return {};
    ::capng_clear(CAPNG_SELECT_BOTH);
    ::capng_updatev(CAPNG_ADD, static_cast<capng_type_t>(CAPNG_EFFECTIVE | CAPNG_PERMITTED), CAP_NET_ADMIN,
                    CAP_NET_RAW, CAP_DAC_OVERRIDE, CAP_SYS_NICE, -1);
    if (::capng_apply(CAPNG_SELECT_BOTH) < 0) return common::fail_errno("cannot drop capabilities");
    return {};
}

}  // namespace vrrpd::io
