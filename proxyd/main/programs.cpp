#include "proxyd/main/programs.h"

#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "common/logging.h"
#include "common/process/signals.h"
#include "common/unique_fd.h"

namespace proxyd::main {
namespace {

namespace log = common::log;
using common::fail_errno;
using common::UniqueFd;

constexpr int kReportFd = 3;
constexpr int kCannotRun = 127;

// Tells the master, which waits for this or for the exec.
[[noreturn]] void give_up(const std::string& why) {
    (void)::write(kReportFd, why.data(), why.size());
    ::_exit(kCannotRun);
}

[[noreturn]] void run(const ProgramLaunch& launch, const config::Model& model, pid_t master, int report) {
    ::dup2(report, kReportFd);
    ::fcntl(kReportFd, F_SETFD, FD_CLOEXEC);
    ::close_range(kReportFd + 1, ~0U, 0);  // the listening sockets are not the program's
    common::process::restore_signals();
    if (auto dropped = common::process::drop_privileges(launch.identity); !dropped)
        give_up(dropped.error().text);
    // As a worker, it does not outlive a master that is killed. A change of the user would undo it.
    ::prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (::getppid() != master) ::_exit(kCannotRun);
    for (const auto& [name, value] : model.global.environment) ::setenv(name.c_str(), value.c_str(), 1);
    ::setenv("HAPROXY_MWORKER", "1", 1);
    std::vector<char*> argv;
    for (const std::string& word : launch.program.command) argv.push_back(const_cast<char*>(word.c_str()));
    argv.push_back(nullptr);
    ::execvp(argv[0], argv.data());
    give_up("cannot run " + launch.program.command[0] + ": " + std::strerror(errno));
}

// What the child could not do; empty when it has become the program.
std::string report_of(int fd) {
    char text[512];
    const ssize_t size = ::read(fd, text, sizeof text);
    return size > 0 ? std::string(text, static_cast<std::size_t>(size)) : std::string();
}

common::Result<pid_t> launch_one(const ProgramLaunch& launch, const config::Model& model) {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) < 0) return fail_errno("cannot create a pipe");
    UniqueFd ours(ends[0]), theirs(ends[1]);
    const pid_t master = ::getpid();
    const pid_t pid = ::fork();
    if (pid < 0) return fail_errno("cannot fork");
    if (pid == 0) run(launch, model, master, theirs.get());
    theirs.reset();
    log::notice("New program '{}' ({}) forked", launch.program.name, pid);
    if (const std::string why = report_of(ours.get()); !why.empty())
        log::alert("program '{}': {}", launch.program.name, why);
    return pid;
}

}  // namespace

common::Result<std::vector<ProgramLaunch>> program_launches(const config::Model& model) {
    std::vector<ProgramLaunch> launches;
    for (const config::Program& program : model.programs) {
        auto identity = common::process::resolve_identity(
            {.user = program.user, .group = program.group, .uid = {}, .gid = {}, .chroot = {}});
        if (!identity)
            return common::fail("program '" + program.name + "': " + identity.error().text,
                                common::Side::config);
        launches.push_back({program, std::move(*identity)});
    }
    return launches;
}

void Programs::start(const std::vector<ProgramLaunch>& launches, const config::Model& model, bool reload) {
    signal(SIGUSR1);
    for (Running& one : running_) one.current = false;
    for (const ProgramLaunch& launch : launches) {
        if (reload && !launch.program.start_on_reload) continue;
        const auto pid = launch_one(launch, model);
        if (!pid)
            log::alert("program '{}': {}", launch.program.name, pid.error().text);
        else
            running_.push_back({*pid, launch.program.name, true});
    }
}

void Programs::signal(int signal) {
    for (const Running& one : running_) ::kill(one.pid, signal);
}

Programs::End Programs::ended(pid_t pid, int code, const char* how) {
    const auto found = std::ranges::find(running_, pid, &Running::pid);
    if (found == running_.end()) return {};
    const End end{true, found->current};
    log::message(end.current ? log::Level::alert : log::Level::warning,
                 "{} program '{}' ({}) exited with code {} ({})", end.current ? "Current" : "Former",
                 found->name, pid, code, how);
    running_.erase(found);
    return end;
}

}  // namespace proxyd::main
