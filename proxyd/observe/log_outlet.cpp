#include "proxyd/observe/log_outlet.h"

#include <fcntl.h>
#include <limits.h>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "common/clock.h"
#include "common/logging.h"

namespace proxyd::observe {
namespace {

std::int64_t now_ms() {
    return std::chrono::duration_cast<std::chrono::milliseconds>(common::Clock::now().time_since_epoch())
        .count();
}

// Sends datagrams with sendmmsg; stops at the first that does not leave.
std::size_t send_datagrams(int fd, const common::Endpoint* to, std::span<iovec> lines) {
    constexpr std::size_t kAtOnce = 64;
    std::array<mmsghdr, kAtOnce> messages{};
    std::size_t sent = 0;
    while (sent < lines.size()) {
        const std::size_t count = std::min(kAtOnce, lines.size() - sent);
        for (std::size_t i = 0; i < count; ++i) {
            msghdr& header = messages[i].msg_hdr;
            header = {};
            header.msg_iov = &lines[sent + i];
            header.msg_iovlen = 1;
            if (to != nullptr) {
                header.msg_name = const_cast<sockaddr*>(to->data());
                header.msg_namelen = to->size();
            }
        }
        const int done =
            ::sendmmsg(fd, messages.data(), static_cast<unsigned>(count), MSG_DONTWAIT | MSG_NOSIGNAL);
        if (done < 0 && errno == EINTR) continue;
        if (done <= 0) break;
        sent += static_cast<std::size_t>(done);
    }
    return sent;
}

class UdpOutlet final : public LogOutlet {
 public:
    explicit UdpOutlet(const LogTarget& target)
        : address_(target.address), host_(target.host), port_(target.port) {
        if (address_.empty()) resolve();
        if (!address_.empty()) open_socket();
    }

    // A name that did not resolve at the start is asked for again when the logs are reopened.
    common::Result<> reopen() override {
        if (fd_) return {};
        if (address_.empty()) resolve();
        if (!address_.empty()) open_socket();
        ready_.store(static_cast<bool>(fd_), std::memory_order_release);
        return {};
    }

    std::size_t send(std::span<iovec> lines) override {
        if (!ready_.load(std::memory_order_acquire)) return 0;
        return send_datagrams(fd_.get(), &address_, lines);
    }

 private:
    void open_socket() {
        fd_.reset(::socket(address_.family(), SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
        ready_.store(static_cast<bool>(fd_), std::memory_order_release);
    }

    void resolve() {
        addrinfo hints{};
        hints.ai_socktype = SOCK_DGRAM;
        addrinfo* found = nullptr;
        const int error = ::getaddrinfo(host_.c_str(), nullptr, &hints, &found);
        if (error != 0) {
            common::log::warning(
                "log target '{}' does not resolve ({}); its lines are dropped until the logs are reopened",
                host_, ::gai_strerror(error));
            return;
        }
        address_ = common::Endpoint(found->ai_addr, found->ai_addrlen);
        address_.set_port(port_);
        ::freeaddrinfo(found);
    }

    common::Endpoint address_;
    std::string host_;
    std::uint16_t port_;
    common::UniqueFd fd_;
    std::atomic<bool> ready_{false};
};

// Connected, so that the socket's name is needed once, before chroot. A syslog daemon that restarts is found
// again by connecting anew, at most once a second.
class UnixOutlet final : public LogOutlet {
 public:
    explicit UnixOutlet(const common::Endpoint& address)
        : address_(address), fd_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) {
        ::connect(fd_.get(), address_.data(), address_.size());
    }

    std::size_t send(std::span<iovec> lines) override {
        const std::size_t sent = send_datagrams(fd_.get(), nullptr, lines);
        if (sent == lines.size() || errno == EAGAIN || errno == ENOBUFS) return sent;
        std::int64_t last = last_connect_ms_.load(std::memory_order_relaxed);
        const std::int64_t now = now_ms();
        if (now - last < 1000 || !last_connect_ms_.compare_exchange_strong(last, now)) return sent;
        if (::connect(fd_.get(), address_.data(), address_.size()) != 0) return sent;
        return sent + send_datagrams(fd_.get(), nullptr, lines.subspan(sent));
    }

 private:
    common::Endpoint address_;
    common::UniqueFd fd_;
    std::atomic<std::int64_t> last_connect_ms_{-1000};
};

// Writes to a pipe, terminal, stream socket or file. Lines of up to PIPE_BUF bytes are whole or not there at
// all.
class DescriptorOutlet : public LogOutlet {
 public:
    std::size_t send(std::span<iovec> lines) override {
        const std::lock_guard lock(mutex_);
        return regular_ ? send_all(lines) : send_each(lines);
    }

    static common::Result<std::unique_ptr<LogOutlet>> open_number(int number) {
        struct stat info{};
        if (::fstat(number, &info) != 0) return common::fail_errno("log target fd@" + std::to_string(number));
        auto out = std::unique_ptr<DescriptorOutlet>(new DescriptorOutlet);
        out->regular_ = S_ISREG(info.st_mode);
        out->socket_ = S_ISSOCK(info.st_mode);
        // A pipe or terminal is opened a second time, to be non-blocking here without being so for others.
        if (!out->regular_ && !out->socket_) {
            const std::string path = "/proc/self/fd/" + std::to_string(number);
            out->fd_.reset(::open(path.c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY));
        }
        if (!out->fd_) out->fd_.reset(::fcntl(number, F_DUPFD_CLOEXEC, 3));
        if (!out->fd_) return common::fail_errno("log target fd@" + std::to_string(number));
        return out;
    }

 protected:
    DescriptorOutlet() = default;
    common::UniqueFd fd_;
    bool regular_ = false;
    std::mutex mutex_;

 private:
    std::size_t send_all(std::span<iovec> lines) {
        std::size_t sent = 0;
        while (sent < lines.size()) {
            const auto part = lines.subspan(sent, std::min<std::size_t>(IOV_MAX, lines.size() - sent));
            ssize_t wanted = 0;
            for (const iovec& line : part) wanted += static_cast<ssize_t>(line.iov_len);
            const ssize_t done = ::writev(fd_.get(), part.data(), static_cast<int>(part.size()));
            if (done < 0 && errno == EINTR) continue;
            if (done != wanted) break;  // a full disk
            sent += part.size();
        }
        return sent;
    }

    std::size_t send_each(std::span<iovec> lines) {
        std::size_t sent = 0;
        for (const iovec& line : lines) {
            if (!write_line(line)) break;
            ++sent;
        }
        return sent;
    }

    bool write_line(const iovec& line) {
        // What was cut off ends with a line feed before the next line begins.
        if (cut_ && write_some("\n", 1) != 1) return false;
        cut_ = false;
        const ssize_t done = write_some(line.iov_base, line.iov_len);
        cut_ = done > 0 && static_cast<std::size_t>(done) < line.iov_len;
        return done > 0 && !cut_;
    }

    ssize_t write_some(const void* data, std::size_t size) {
        if (socket_) return ::send(fd_.get(), data, size, MSG_DONTWAIT | MSG_NOSIGNAL);
        // Where the second opening failed the descriptor may block: ask first.
        pollfd ready{fd_.get(), POLLOUT, 0};
        if (::poll(&ready, 1, 0) != 1 || (ready.revents & POLLOUT) == 0) return -1;
        return ::write(fd_.get(), data, size);
    }

    bool socket_ = false;
    bool cut_ = false;
};

// A file that logrotate moves away: its folder stays open, so that a new file can be made inside a chroot
// too.
class FileOutlet final : public DescriptorOutlet {
 public:
    explicit FileOutlet(std::string path) : path_(std::move(path)) { regular_ = true; }

    common::Result<> open_first() {
        const auto slash = path_.rfind('/');
        name_ = path_.substr(slash + 1);
        folder_.reset(::open(path_.substr(0, slash + 1).c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
        if (!folder_) return common::fail_errno("cannot open the folder of log file '" + path_ + "'");
        fd_.reset(open_file());
        if (!fd_) return common::fail_errno("cannot open log file '" + path_ + "'");
        return {};
    }

    common::Result<> reopen() override {
        common::UniqueFd fresh(open_file());
        if (!fresh) return common::fail_errno("cannot reopen log file '" + path_ + "'");
        const std::lock_guard lock(mutex_);
        fd_ = std::move(fresh);
        return {};
    }

 private:
    int open_file() const {
        return ::openat(folder_.get(), name_.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY,
                        0640);
    }

    std::string path_, name_;
    common::UniqueFd folder_;
};

}  // namespace

std::string LogOutlet::key(const LogTarget& target) {
    switch (target.kind) {
        case LogTarget::Kind::udp:
            return "udp " + (target.address.empty() ? target.host + ":" + std::to_string(target.port)
                                                    : target.address.to_string());
        case LogTarget::Kind::unix_datagram:
            return "unix " + target.address.to_string();
        case LogTarget::Kind::descriptor:
            return "fd " + std::to_string(target.descriptor);
        case LogTarget::Kind::file:
            return "file " + target.path;
        case LogTarget::Kind::ring:
            return "ring " + target.ring;
    }
    return {};
}

common::Result<std::unique_ptr<LogOutlet>> LogOutlet::open(const LogTarget& target) {
    switch (target.kind) {
        case LogTarget::Kind::udp:
            return std::make_unique<UdpOutlet>(target);
        case LogTarget::Kind::unix_datagram:
            return std::make_unique<UnixOutlet>(target.address);
        case LogTarget::Kind::descriptor:
            return DescriptorOutlet::open_number(target.descriptor);
        case LogTarget::Kind::ring:
            return common::fail("rings are opened by the hub");
        case LogTarget::Kind::file:
            break;
    }
    auto file = std::make_unique<FileOutlet>(target.path);
    if (auto opened = file->open_first(); !opened) return std::unexpected(opened.error());
    return file;
}

}  // namespace proxyd::observe
