// A child of the helper: what happens between fork and exec.
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>

#include "common/process/helper_loop.h"
#include "common/process/signals.h"

namespace common::process {
namespace {

constexpr int kReportFd = 3;
constexpr int kTaskFailed = 1, kCannotRun = 127;

[[noreturn]] void give_up(const std::string& what, int code) {
    const std::string text = kReportNotRun + what + ": " + std::strerror(code);
    [[maybe_unused]] const auto written = ::write(kReportFd, text.data(), text.size());
    ::_exit(kCannotRun);
}

// 0-2 on /dev/null, 3 the report (gone at exec), nothing else.
void clean_descriptors(int report) {
    if (report != kReportFd) ::dup2(report, kReportFd);
    ::fcntl(kReportFd, F_SETFD, FD_CLOEXEC);
    ::close_range(kReportFd + 1, ~0U, 0);
    const int null = ::open("/dev/null", O_RDWR);
    if (null < 0) give_up("cannot open /dev/null", errno);
    for (int fd = 0; fd <= 2; ++fd) ::dup2(null, fd);
    if (null > kReportFd) ::close(null);
}

void become(const HelperJob& job) {
    if (!job.uid && !job.gid) return;
    if (::setgroups(job.groups.size(), job.groups.data()) < 0 && errno != EPERM) {
        give_up("cannot set groups", errno);
    }
    if (job.gid && ::getgid() != *job.gid && ::setgid(*job.gid) < 0) {
        give_up("cannot become group " + std::to_string(*job.gid), errno);
    }
    if (job.uid && ::getuid() != *job.uid && ::setuid(*job.uid) < 0) {
        give_up("cannot become user " + std::to_string(*job.uid), errno);
    }
}

[[noreturn]] void run_task(const HelperJob& job, std::span<const HelperTask> tasks) {
    for (const HelperTask& task : tasks) {
        if (task.name != job.task) continue;
        std::string text;
        const int status = task.run(job.payload, text);
        text.insert(text.begin(), kReportTask);
        text.resize(std::min<std::size_t>(text.size(), 4096));
        [[maybe_unused]] const auto written = ::write(kReportFd, text.data(), text.size());
        ::_exit(status);
    }
    give_up("task " + job.task, ENOSYS);
}

}  // namespace

void run_job(const HelperJob& job, UniqueFd report, std::span<const HelperTask> tasks) {
    ::setpgid(0, 0);
    clean_descriptors(report.release());
    restore_signals();
    const sched_param ordinary{};
    ::sched_setscheduler(0, SCHED_OTHER, &ordinary);
    ::setpriority(PRIO_PROCESS, 0, 0);
    ::umask(022);
    become(job);
    for (const std::string& variable : job.environment) ::putenv(const_cast<char*>(variable.c_str()));
    if (!job.task.empty()) run_task(job, tasks);

    std::vector<char*> argv;
    for (const std::string& word : job.argv) argv.push_back(const_cast<char*>(word.c_str()));
    if (argv.empty()) give_up("empty command", EINVAL);
    argv.push_back(nullptr);
    ::execvp(argv[0], argv.data());
    give_up(job.argv[0], errno);
}

}  // namespace common::process
