// notify_fifo, vrrp_notify_fifo: one line per event into a named pipe. Never blocks; lines nobody reads are
// lost once the pipe is full.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>

#include "common/error.h"
#include "common/unique_fd.h"

namespace vrrpd::io {

class NotifyFifo {
 public:
    NotifyFifo() = default;  // writes nothing
    NotifyFifo(NotifyFifo&& other) noexcept { *this = std::move(other); }
    NotifyFifo& operator=(NotifyFifo&& other) noexcept;
    ~NotifyFifo();  // removes the pipe if open() made it

    // Makes the pipe (mode 0644, owned as told) when there is none.
    static common::Result<NotifyFifo> open(const std::string& path, std::optional<uid_t> uid,
                                           std::optional<gid_t> gid);

    const std::string& path() const { return path_; }
    // False: the pipe is full, the line is lost.
    bool write(std::string_view line);

 private:
    common::UniqueFd fd_;
    std::string path_;
    bool made_ = false;
};

}  // namespace vrrpd::io
