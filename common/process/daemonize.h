// Going into the background so that the exit status of the command tells the truth: the parent stays until
// the daemon has said that it is ready, or is gone.
#pragma once

#include <optional>

#include "common/error.h"
#include "common/unique_fd.h"

namespace common::process {

// /dev/null, opened while it can be reached: a chroot seldom has one.
class NullDevice {
 public:
    static Result<NullDevice> open();
    void replace_standard_streams();  // then closes; second calls do nothing

 private:
    UniqueFd fd_;
};

// The daemon's end of the pipe to its waiting parent. Dropping it unused, or dying, counts as failure
// (the parent exits with 1, or with the daemon's own exit status).
class StartReport {
 public:
    StartReport() = default;  // of a process in the foreground: reports to nobody
    StartReport(UniqueFd pipe, NullDevice null) : pipe_(std::move(pipe)), null_(std::move(null)) {}

    // Standard streams go to /dev/null, then the parent exits with 0. Second calls do nothing.
    void ready();

    // The parent exits with `status`; messages were written to stderr, which is still the terminal.
    void failed(int status);

    bool pending() const { return static_cast<bool>(pipe_); }

 private:
    UniqueFd pipe_;
    NullDevice null_;
};

// Forks, leaves session and process group of the caller. Returns in the child only; the parent waits and
// exits. Call it before any thread exists. The working folder is kept (relative paths of the configuration
// stay valid) until the caller changes it.
Result<StartReport> daemonize();

}  // namespace common::process
