#include "proxyd/main/process_settings.h"

#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include <cerrno>
#include <system_error>

#include "common/logging.h"

namespace proxyd::main {
namespace {

namespace log = common::log;

config::CpuSet allowed_processors() {
    cpu_set_t set;
    CPU_ZERO(&set);
    config::CpuSet cpus;
    if (::sched_getaffinity(0, sizeof set, &set) < 0) return cpus.set();
    for (std::size_t cpu = 0; cpu < cpus.size() && cpu < CPU_SETSIZE; ++cpu)
        cpus.set(cpu, CPU_ISSET(cpu, &set) != 0);
    return cpus;
}

void complain(const char* keyword, int error) {
    log::warning("{}: {}", keyword, std::generic_category().message(error));
}

}  // namespace

void limit_processors(const config::Global& global) {
    if (global.cpu_limits.empty()) return;
    config::CpuSet cpus = allowed_processors();
    for (const config::CpuSet& limit : global.cpu_limits) cpus &= limit;
    if (cpus.none()) return log::warning("cpu-set: no processor is left; all are used");
    bind_this_thread(cpus);
}

std::optional<int> begin_start(const config::Global& global) {
    if (!global.renice_startup) return global.renice_runtime;
    const int usual = ::getpriority(PRIO_PROCESS, 0);
    set_niceness(global.renice_startup);
    return global.renice_runtime.value_or(usual);
}

void set_niceness(std::optional<int> level) {
    if (level && ::setpriority(PRIO_PROCESS, 0, *level) != 0) complain("tune.renice", errno);
}

void allow_core_files(const config::Global& global) {
    if (global.dumpable && ::prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) != 0) complain("set-dumpable", errno);
}

config::CpuSet cpus_of_worker(const config::Global& global, int worker) {
    return config::cpus_of_thread(global.cpu_maps, worker + 1, global.processes);
}

void bind_this_thread(const config::CpuSet& cpus) {
    if (cpus.none()) return;
    cpu_set_t set;
    CPU_ZERO(&set);
    for (std::size_t cpu = 0; cpu < cpus.size() && cpu < CPU_SETSIZE; ++cpu)
        if (cpus.test(cpu)) CPU_SET(cpu, &set);
    if (::sched_setaffinity(0, sizeof set, &set) != 0) complain("cpu-map", errno);
}

}  // namespace proxyd::main
