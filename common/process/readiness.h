// sd_notify(3) by hand: one datagram to $NOTIFY_SOCKET. Without that variable every call is a quiet no-op.
#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>

#include "common/error.h"
#include "common/unique_fd.h"

namespace common::process {

// The socket is connected by the constructor, so that chroot does not matter. Keep one per process; a forked
// child that should not speak drops its copy.
class Readiness {
 public:
    Readiness() = default;  // says nothing

    // Reads $NOTIFY_SOCKET (a path, or '@' for the abstract namespace) and removes it from the environment,
    // so that scripts and helpers do not speak for us.
    static Readiness from_environment();
    static Result<Readiness> to(std::string_view address);

    void ready(std::string_view status = {}, pid_t main_pid = 0) const;  // main_pid 0: this process
    void reloading() const;  // with MONOTONIC_USEC, as Type=notify-reload wants
    void stopping() const;
    void status(std::string_view text) const;

    // The raw form: "KEY=value\nKEY=value".
    Result<> send(std::string_view state) const;

 private:
    UniqueFd socket_;
};

}  // namespace common::process
