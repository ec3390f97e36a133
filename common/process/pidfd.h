// pidfds: a process that cannot be mistaken for a later one of the same number. Linux 5.6 or newer.
#pragma once

#include <sys/types.h>

#include "common/error.h"
#include "common/unique_fd.h"

namespace common::process {

// Readable (POLLIN) once the process has ended. ESRCH in Error::code: no such process.
Result<UniqueFd> pidfd_open(pid_t pid);

// A duplicate of descriptor `fd` of that process; needs ptrace rights on it (root, or the same user).
Result<UniqueFd> pidfd_getfd(const UniqueFd& pidfd, int fd);

Result<> pidfd_send_signal(const UniqueFd& pidfd, int signal);

bool process_ended(const UniqueFd& pidfd);

// True while a process of that number exists, also if it belongs to someone else.
bool process_alive(pid_t pid);

}  // namespace common::process
