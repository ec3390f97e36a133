// The helper process: everything that may block or misbehave, scripts, mail, name resolution, runs below it,
// so that nothing of that kind delays the daemon. It is forked at the start, while the daemon holds no
// sockets yet.
//
// Each job is a child of the helper with its own process group, default signals, no real-time scheduling, the
// limits the daemon was started with, and no descriptor but 0-2 on /dev/null. A daemon that a script starts
// leaves the group (setsid) and so survives the script's timeout.
//
// A helper that dies is replaced at once (the process that holds its place waits for nothing else), and gets
// the jobs again that were not over: at least once, and at most twice.
//
// When the daemon ends, in whichever way, the helper runs the jobs it has to their ends (within their time)
// and leaves: a script that stops the daemon is not killed by that, and the daemon never waits for it.
#pragma once

#include <sys/types.h>

#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "common/error.h"
#include "common/process/helper_messages.h"
#include "common/unique_fd.h"

namespace common::process {

// A function of ours that a child of the helper runs. Returns an exit status; `text` comes back in the event.
struct HelperTask {
    std::string_view name;
    int (*run)(std::string_view payload, std::string& text);
};

// The daemon's side. Not thread-safe.
class HelperProcess {
 public:
    // Forks. `name` (at most 15 bytes) is what ps shows; `tasks` must live as long as the process. Call it
    // after daemonize() and before any thread, socket or change of scheduling, limits and privileges.
    // `forget` runs in the new process: it frees what the daemon had, and the helper does not need.
    static Result<HelperProcess> start(const char* name, std::span<const HelperTask> tasks = {},
                                       const std::function<void()>& forget = {});

    // Never blocks. Fails when the helper is gone or its queue is full; no event comes for that job then.
    Result<> submit(const HelperJob& job);
    Result<> cancel(std::uint64_t id);

    // Readable: call receive() until it returns nothing. An error means that the helper is gone.
    int fd() const { return socket_.get(); }
    Result<std::optional<HelperEvent>> receive();

    // Of the process that is there for the helper's whole life, and whose child the helper is.
    pid_t pid() const { return pid_; }
    // How often the helper died and was replaced.
    int restarts() const { return restarts_; }

 private:
    struct Open {
        std::string bytes;  // of the job, encoded
        bool again = false;
    };
    Result<> send(const std::string& bytes);
    void submit_again();

    UniqueFd socket_;
    pid_t pid_ = 0;
    int restarts_ = 0;
    std::map<std::uint64_t, Open> open_;  // jobs that are not over
    std::deque<HelperEvent> events_;      // our own, before the helper's
};

}  // namespace common::process
