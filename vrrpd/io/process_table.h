// Which processes of this machine are the ones that a vrrp_track_process counts (proc(5)).
#pragma once

#include <sys/types.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "common/error.h"
#include "common/unique_fd.h"
#include "vrrpd/config/model.h"

namespace vrrpd::io {

// Pure. `name`: /proc/PID/comm without its line end, at most 15 bytes. `command`: /proc/PID/cmdline, every
// argument with a zero byte behind it; needed when wanted.by_command().
bool matches(const config::TrackProcess& wanted, std::string_view name, std::string_view command);

// One look at a process. Nothing: it is gone, or a zombie.
struct ProcessLook {
    std::string name;
    std::string command;  // empty unless asked for
};
std::optional<ProcessLook> look_at(pid_t pid, bool with_command);

// All processes, a part at a time, so that a long table does not hold up the caller.
class ProcessTable {
 public:
    ProcessTable();
    ~ProcessTable();
    ProcessTable(ProcessTable&&) noexcept;
    ProcessTable& operator=(ProcessTable&&) noexcept;

    // The next process; nothing at the end.
    std::optional<pid_t> next();

 private:
    struct Folder;
    std::unique_ptr<Folder> folder_;
};

// Readable as soon as the process has ended (pidfd_open(2)). Invalid where the kernel has no such thing or
// the process is gone.
common::UniqueFd watch_end_of(pid_t pid);

}  // namespace vrrpd::io
