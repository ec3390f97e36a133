#include "vrrpd/io/notify_fifo.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <utility>

namespace vrrpd::io {

NotifyFifo& NotifyFifo::operator=(NotifyFifo&& other) noexcept {
    std::swap(fd_, other.fd_);
    std::swap(path_, other.path_);
    std::swap(made_, other.made_);
    return *this;
}

NotifyFifo::~NotifyFifo() {
    if (made_) ::unlink(path_.c_str());
}

common::Result<NotifyFifo> NotifyFifo::open(const std::string& path, std::optional<uid_t> uid,
                                            std::optional<gid_t> gid) {
    NotifyFifo fifo;
    fifo.path_ = path;
    fifo.made_ = ::mkfifo(path.c_str(), 0644) == 0;
    if (!fifo.made_ && errno != EEXIST) return common::fail_errno("cannot make the FIFO " + path);
    // Read and write: it opens without a reader, and lines wait for one.
    fifo.fd_.reset(::open(path.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW));
    struct stat info{};
    if (!fifo.fd_ || ::fstat(fifo.fd_.get(), &info) < 0)
        return common::fail_errno("cannot open the FIFO " + path);
    if (!S_ISFIFO(info.st_mode)) return common::fail(path + " is no FIFO");
    if (fifo.made_ && (uid || gid)) {
        [[maybe_unused]] const int ignored = ::fchown(fifo.fd_.get(), uid.value_or(static_cast<uid_t>(-1)),
                                                      gid.value_or(static_cast<gid_t>(-1)));
    }
    return fifo;
}

bool NotifyFifo::write(std::string_view line) {
    // Whole or not at all: lines are shorter than PIPE_BUF (pipe(7)).
    return !fd_ || ::write(fd_.get(), line.data(), line.size()) == std::ssize(line);
}

}  // namespace vrrpd::io
