#include "common/process/pidfd.h"

#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <string>

// glibc 2.36 has wrappers for some of these only.
namespace common::process {

Result<UniqueFd> pidfd_open(pid_t pid) {
    UniqueFd fd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
    if (!fd) return fail_errno("cannot open process " + std::to_string(pid));
    return fd;
}

Result<UniqueFd> pidfd_getfd(const UniqueFd& pidfd, int fd) {
    UniqueFd copy(static_cast<int>(::syscall(SYS_pidfd_getfd, pidfd.get(), fd, 0)));
    if (!copy) return fail_errno("cannot take descriptor " + std::to_string(fd) + " of the other process");
    return copy;
}

Result<> pidfd_send_signal(const UniqueFd& pidfd, int signal) {
    if (::syscall(SYS_pidfd_send_signal, pidfd.get(), signal, nullptr, 0) < 0) {
        return fail_errno("cannot signal the process");
    }
    return {};
}

bool process_ended(const UniqueFd& pidfd) {
    pollfd item{pidfd.get(), POLLIN, 0};
    return ::poll(&item, 1, 0) == 1;
}

bool process_alive(pid_t pid) {
    return ::kill(pid, 0) == 0 || errno == EPERM;
}

}  // namespace common::process
