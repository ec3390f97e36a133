// The pid file: written once the pids are known, removed at the end by the process that owns it.
#pragma once

#include <sys/types.h>

#include <span>
#include <string>
#include <vector>

#include "common/error.h"
#include "common/unique_fd.h"

namespace common::process {

// The folder is kept open, so that removal also works after chroot. Forked children must call disown() or
// _exit (removal also checks that the pid is the creator's).
class PidFile {
 public:
    PidFile() = default;
    PidFile(PidFile&& other) noexcept = default;
    PidFile& operator=(PidFile&& other) noexcept;
    ~PidFile() { remove(); }

    // Writes one pid per line, mode 0644, by a temporary file and rename, so that a reader never sees half of
    // it.
    static Result<PidFile> create(const std::string& path, std::span<const pid_t> pids);

    // Writes anew (a master whose worker changed).
    Result<> write(std::span<const pid_t> pids);

    // Removes the file if it is still the one written here: a successor may have replaced it meanwhile.
    void remove();

    void disown() { directory_.reset(); }

 private:
    bool is_ours() const;

    UniqueFd directory_;
    std::string path_;  // for messages
    std::string name_;  // within directory_
    pid_t owner_ = 0;
    std::string content_;
};

// All pids of a pid file; fails on anything that is not a positive number.
Result<std::vector<pid_t>> read_pid_file(const std::string& path);

}  // namespace common::process
