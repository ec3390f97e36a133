// What the daemon and its helper process (helper_process.h) say to each other: one record per message of a
// SOCK_SEQPACKET pair. Encode and decode are pure; both ends are the same binary, so there is no version.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/clock.h"

namespace common::process {

// A whole job fits one message of this many bytes, else it is refused.
inline constexpr std::size_t kMaxHelperMessage = 64 * 1024;

// One program to run, or one task (a function of our own that may block, such as sending mail).
struct HelperJob {
    std::uint64_t id = 0;           // the caller's; comes back in the events
    std::string task;               // name of a task; empty: run argv
    std::string payload;            // for the task
    std::vector<std::string> argv;  // executed directly, no shell; argv[0] without '/' is searched in PATH
    std::vector<std::string> environment;  // "NAME=value", added to ours
    std::optional<uid_t> uid;              // absent: stay as the helper is
    std::optional<gid_t> gid;
    std::vector<gid_t> groups;             // supplementary groups, set when uid or gid is
    std::chrono::milliseconds timeout{0};  // SIGTERM to the group then, SIGKILL 2 s later; 0: never
    // Jobs of the same queue run one after the other in the order of their coming; empty: at once. While
    // another job waits behind it, one that has run for `patience` is ended; 0: never.
    std::string queue;
    std::chrono::milliseconds patience{0};
    bool operator==(const HelperJob&) const = default;
};

struct HelperEvent {
    enum class Kind : std::uint8_t {
        exited,     // by itself, `status` is the exit status
        signalled,  // `status` is the signal
        not_run,    // never started, `text` says why
        timed_out,  // its time is over and it was told to end; `exited` or `signalled` follows
        restarted,  // id 0: the helper had died and lives again, its jobs are forgotten (HelperProcess sees
                    // to it: nobody else is told)
    };
    std::uint64_t id = 0;
    Kind kind = Kind::exited;
    int status = 0;
    std::string text;  // why it did not run; of a task: what it has to say
    bool operator==(const HelperEvent&) const = default;
    // Whether the job is over, so that its next run may begin.
    bool final() const { return kind != Kind::timed_out && kind != Kind::restarted; }
    // "exited with status 1", "killed by signal 9", "timed out", "cannot run: ..."
    std::string describe() const;
};

struct HelperCancel {
    std::uint64_t id = 0;  // SIGTERM now, as if its time were over, without a timed_out event
};

std::string encode(const HelperJob& job);
std::string encode(const HelperCancel& cancel);
std::string encode(const HelperEvent& event);

// A request as the helper receives it: exactly one member is set; none when the bytes are no request.
struct HelperRequest {
    std::optional<HelperJob> job;
    std::optional<HelperCancel> cancel;
};
HelperRequest decode_request(std::string_view bytes);

// The daemon's answer to `restarted`: jobs behind it are new or given again.
inline constexpr HelperCancel kNewStart{0};
inline bool is_new_start(const HelperRequest& request) {
    return request.cancel && request.cancel->id == kNewStart.id;
}
std::optional<HelperEvent> decode_event(std::string_view bytes);

}  // namespace common::process
