#include "common/log_relay.h"

#include <poll.h>
#include <pthread.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <ctime>

#include "common/unique_fd.h"

namespace common::log {
namespace {

// Of a thread that calls little; memory that is locked counts all of it.
constexpr std::size_t kStack = 64 * 1024;

// However long it takes. A target that fails must not stop the daemon.
void write_whole(int fd, std::string_view text) {
    while (!text.empty()) {
        const ssize_t written = ::write(fd, text.data(), text.size());
        if (written > 0) {
            text.remove_prefix(static_cast<std::size_t>(written));
        } else if (written < 0 && errno == EAGAIN) {
            pollfd room{fd, POLLOUT, 0};
            ::poll(&room, 1, -1);
        } else if (written == 0 || errno != EINTR) {
            return;
        }
    }
}

}  // namespace

// What the thread uses: it outlives the relay where a target never takes anything any more.
struct LineRelay::Writer {
    UniqueFd in, out;
    pthread_t thread{};
    struct Message {
        int fd;
        std::array<char, kLongest> text;
    } message{};

    void work() {
        for (;;) {
            const ssize_t size = ::recv(out.get(), &message, sizeof message, 0);
            if (size < 0 && errno == EINTR) continue;
            if (size < static_cast<ssize_t>(sizeof message.fd)) return;
            write_whole(message.fd,
                        {message.text.data(), static_cast<std::size_t>(size) - sizeof message.fd});
        }
    }
};

LineRelay::LineRelay(std::shared_ptr<Writer> writer) : writer_(std::move(writer)) {}

Result<std::unique_ptr<LineRelay>> LineRelay::start() {
    auto writer = std::make_shared<Writer>();
    int ends[2];
    if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
        return fail_errno("cannot create the log's socket pair");
    writer->in.reset(ends[0]);
    writer->out.reset(ends[1]);
    auto own = std::make_unique<std::shared_ptr<Writer>>(writer);
    const auto run = [](void* argument) -> void* {
        const std::unique_ptr<std::shared_ptr<Writer>> mine(static_cast<std::shared_ptr<Writer>*>(argument));
        (*mine)->work();
        return nullptr;
    };
    pthread_attr_t attributes;
    ::pthread_attr_init(&attributes);
    ::pthread_attr_setstacksize(&attributes, kStack);
    errno = ::pthread_create(&writer->thread, &attributes, run, own.get());
    ::pthread_attr_destroy(&attributes);
    if (errno != 0) return fail_errno("cannot start the log's thread");
    (void)own.release();
    return std::unique_ptr<LineRelay>(new LineRelay(std::move(writer)));
}

LineRelay::~LineRelay() {
    ::shutdown(writer_->in.get(), SHUT_WR);
    timespec end{};
    ::clock_gettime(CLOCK_MONOTONIC, &end);
    end.tv_sec += std::chrono::ceil<std::chrono::seconds>(kPatience).count();
    if (::pthread_clockjoin_np(writer_->thread, nullptr, CLOCK_MONOTONIC, &end) != 0)
        ::pthread_detach(writer_->thread);
}

bool LineRelay::pass(int fd, std::string_view line) {
    line = line.substr(0, std::min(line.size(), kLongest));
    std::array<iovec, 2> parts{{{&fd, sizeof fd}, {const_cast<char*>(line.data()), line.size()}}};
    msghdr message{};
    message.msg_iov = parts.data();
    message.msg_iovlen = parts.size();
    return ::sendmsg(writer_->in.get(), &message, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0;
}

}  // namespace common::log
