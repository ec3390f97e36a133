#include "proxyd/main/plan.h"

#include <sched.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "common/diagnostics.h"
#include "common/logging.h"
#include "common/process/descriptor_limit.h"
#include "proxyd/admin/control_link.h"
#include "proxyd/config/quick.h"
#include "proxyd/main/capability_needs.h"
#include "proxyd/main/process_settings.h"
#include "proxyd/state/counters.h"

namespace proxyd::main {
namespace {

namespace log = common::log;
namespace process = common::process;

// A hard limit of a thousand million, as containers have it, is no wish for as many connections (HAProxy's
// fd-hard-limit).
constexpr std::uint64_t kMostDescriptors = 1'048'576;
constexpr std::uint64_t kSpareDescriptors = 100;  // files, pipes, the admin's connections

int usable_cores() {
    cpu_set_t set;
    CPU_ZERO(&set);
    if (::sched_getaffinity(0, sizeof set, &set) < 0) return 1;
    return std::max(1, CPU_COUNT(&set));
}

int workers_of(const config::Global& global) {
    if (global.threads > 0) return std::min(global.threads, state::kMaxWorkers);
    const int most = global.thread_hard_limit > 0 ? std::min(global.thread_hard_limit, state::kMaxWorkers)
                                                  : state::kMaxWorkers;
    return std::clamp(usable_cores(), 1, most);
}

// Of a worker. `maxpipes` is shared out; without it there are enough for the bodies that flow at a time.
int pipes_of_worker(const Options& options, const config::Model& model, int workers) {
    constexpr int kUseful = 64;
    const auto splices = [](const auto& proxy) { return proxy->splice_request || proxy->splice_response; };
    if (options.no_splice || !model.global.splice || std::ranges::none_of(model.proxies, splices)) return 0;
    return model.global.max_pipes > 0 ? std::max(1, model.global.max_pipes / workers) : kUseful;
}

std::uint64_t reserved_descriptors(const Plan& plan) {
    std::uint64_t binds = 0, servers = 0;
    for (const auto& proxy : plan.model->proxies) {
        binds += proxy->binds.size();
        servers += proxy->upstream.servers.size();  // one check each at a time
    }
    const auto threads = static_cast<std::uint64_t>(plan.workers);
    const std::uint64_t own = binds + 8 + 2 * static_cast<std::uint64_t>(plan.pipes);
    return kSpareDescriptors + own * threads + servers +
           static_cast<std::uint64_t>(plan.model->global.stats_maxconn);
}

std::shared_ptr<const config::Model> load_model(const Options& options, common::Diagnostics& diagnostics) {
    if (options.quick.empty()) return config::load(options.files, diagnostics, options.local_peer);
    const auto text = config::quick_configuration(options.quick);
    if (!text) {
        diagnostics.error({}, text.error().text);
        return nullptr;
    }
    return config::load_text(*text, "--quick", diagnostics);
}

void print(const common::Diagnostics& diagnostics, bool quiet) {
    for (const common::Diagnostic& entry : diagnostics.all()) {
        if (quiet && entry.severity == common::Severity::notice) continue;
        // Into the log too: a master that reloads has no terminal any more.
        const std::string line = common::Diagnostics::format(entry);
        switch (entry.severity) {
            case common::Severity::notice:
                log::notice("{}", line);
                break;
            case common::Severity::warning:
                log::warning("{}", line);
                break;
            case common::Severity::error:
                log::alert("{}", line);
                break;
        }
    }
}

common::Result<process::Identity> identity_of(const config::Global& global) {
    process::PrivilegeSettings settings;
    settings.user = global.user;
    settings.group = global.group;
    if (global.uid >= 0) settings.uid = static_cast<uid_t>(global.uid);
    if (global.gid >= 0) settings.gid = static_cast<gid_t>(global.gid);
    settings.chroot = global.chroot;
    auto identity = process::resolve_identity(settings);
    struct stat info{};
    if (identity && !global.chroot.empty() &&
        (::stat(global.chroot.c_str(), &info) < 0 || !S_ISDIR(info.st_mode))) {
        return common::fail("chroot: there is no folder " + global.chroot, common::Side::config);
    }
    return identity;
}

}  // namespace

std::expected<Plan, int> make_plan(const Options& options) {
    common::Diagnostics diagnostics;
    Plan plan;
    plan.model = load_model(options, diagnostics);
    print(diagnostics, options.quiet);
    if (!plan.model || diagnostics.has_errors()) {
        log::alert("Fatal errors found in configuration.");
        return std::unexpected(1);
    }
    if ((options.zero_warning || plan.model->global.zero_warning) && diagnostics.has_warnings()) {
        log::alert("Some warnings were found; -dW or zero-warning refuses them.");
        return std::unexpected(1);
    }
    const config::Global& global = plan.model->global;
    plan.has_listener = !global.stats_sockets.empty() || !plan.model->log_forwards.empty() ||
                        std::ranges::any_of(plan.model->proxies, [](const auto& proxy) {
                            return !proxy->disabled && !proxy->binds.empty();
                        });
    plan.master = options.master || global.master_worker;
    if (!plan.master && !plan.model->programs.empty())
        log::warning("'program' sections have no effect: only the master of -W starts them.");
    // Under a service manager (-Ws) the first process must stay.
    plan.daemon =
        (options.daemon || global.daemon) && !options.foreground && !options.notify && options.quick.empty();
    plan.pid_file = options.pid_file.empty() ? global.pidfile : options.pid_file;
    plan.control_explicit = !global.control_socket.empty();
    plan.control_path =
        plan.control_explicit ? global.control_socket : std::string(admin::kDefaultControlPath);
    limit_processors(global);
    plan.workers = workers_of(global);
    plan.pipes = pipes_of_worker(options, *plan.model, plan.workers);
    plan.maxconn = options.maxconn.value_or(global.maxconn);
    if (options.task == Options::Task::check) return plan;  // users of the target machine need not exist here
    plan.niceness = begin_start(global);
    auto identity = identity_of(global);
    if (!identity) {
        log::alert("{}", identity.error().text);
        return std::unexpected(1);
    }
    plan.identity = std::move(*identity);
    auto programs = program_launches(*plan.model);
    if (!programs) {
        log::alert("{}", programs.error().text);
        return std::unexpected(1);
    }
    plan.programs = std::move(*programs);
    plan.needs = capability_needs(*plan.model);
    plan.identity.capabilities = global.kept_capabilities;
    for (const process::CapabilityNeed& need : plan.needs)
        plan.identity.capabilities.push_back(need.capability);
    return plan;
}

void fit_descriptor_limit(Plan& plan) {
    const std::uint64_t reserved = reserved_descriptors(plan);
    const bool unset = plan.maxconn == 0;
    std::uint64_t wanted = process::descriptors_for(static_cast<std::uint64_t>(plan.maxconn), reserved);
    if (unset) {
        rlimit limit{};
        ::getrlimit(RLIMIT_NOFILE, &limit);
        const auto hard = static_cast<std::uint64_t>(plan.model->global.fd_hard_limit);
        wanted = std::min<std::uint64_t>(limit.rlim_max, hard > 0 ? hard : kMostDescriptors);
    }
    wanted =
        std::max<std::uint64_t>(wanted, static_cast<std::uint64_t>(std::max(plan.model->global.ulimit_n, 0)));
    const auto limit = process::raise_descriptor_limit(wanted);
    const std::uint64_t available = limit ? *limit : process::descriptor_limit();
    const std::uint64_t counted = unset ? std::min(available, wanted) : available;
    const auto possible =
        static_cast<int>(process::maxconn_within(std::min(counted, kMostDescriptors * 64), reserved));
    if (!unset && plan.maxconn <= possible) return;
    if (!unset) {
        log::warning("maxconn {} needs {} descriptors, and the limit is {}: running with maxconn {}",
                     plan.maxconn, wanted, available, possible);
    }
    plan.maxconn = std::max(possible, 1);
}

std::vector<int> backend_indexes(const config::Model& model) {
    std::vector<int> indexes;
    for (const auto& proxy : model.proxies) {
        if (proxy->is_backend && !proxy->upstream.servers.empty()) indexes.push_back(proxy->index);
    }
    return indexes;
}

std::vector<std::string> backend_names(const config::Model& model) {
    std::vector<std::string> names;
    for (const int index : backend_indexes(model))
        names.push_back(model.proxies[static_cast<std::size_t>(index)]->name);
    return names;
}

}  // namespace proxyd::main
