#include "common/process/daemonize.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdint>

namespace common::process {
namespace {

// The parent's whole remaining life: the verdict on the pipe, else what became of the child.
[[noreturn]] void wait_for_verdict(int pipe, pid_t child) {
    std::uint8_t status = 1;
    ssize_t got;
    while ((got = ::read(pipe, &status, 1)) < 0 && errno == EINTR) {
    }
    if (got == 1) ::_exit(status);
    int wait_status = 0;
    while (::waitpid(child, &wait_status, 0) < 0 && errno == EINTR) {
    }
    if (WIFEXITED(wait_status)) ::_exit(WEXITSTATUS(wait_status) == 0 ? 1 : WEXITSTATUS(wait_status));
    ::_exit(WIFSIGNALED(wait_status) ? 128 + WTERMSIG(wait_status) : 1);
}

void tell(int pipe, int status) {
    const auto byte = static_cast<std::uint8_t>(status);
    while (::write(pipe, &byte, 1) < 0 && errno == EINTR) {
    }
}

}  // namespace

Result<NullDevice> NullDevice::open() {
    NullDevice null;
    null.fd_.reset(::open("/dev/null", O_RDWR | O_CLOEXEC));
    if (!null.fd_) return fail_errno("cannot open /dev/null");
    return null;
}

void NullDevice::replace_standard_streams() {
    if (!fd_) return;
    for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) (void)::dup2(fd_.get(), stream);
    if (fd_.get() > STDERR_FILENO)
        fd_.reset();
    else
        (void)fd_.release();
}

void StartReport::ready() {
    if (!pipe_) return;
    null_.replace_standard_streams();
    tell(pipe_.get(), 0);
    pipe_.reset();
}

void StartReport::failed(int status) {
    if (!pipe_) return;
    tell(pipe_.get(), status == 0 ? 1 : status);
    pipe_.reset();
}

Result<StartReport> daemonize() {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) < 0) return fail_errno("cannot create a pipe");
    UniqueFd reader(ends[0]), writer(ends[1]);
    auto null = NullDevice::open();
    if (!null) return std::unexpected(null.error());
    const pid_t child = ::fork();
    if (child < 0) return fail_errno("cannot fork into the background");
    if (child > 0) {
        writer.reset();
        wait_for_verdict(reader.get(), child);
    }
    ::setsid();  // cannot fail: a fresh child leads no group
    return StartReport(std::move(writer), std::move(*null));
}

}  // namespace common::process
