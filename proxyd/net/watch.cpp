#include "proxyd/net/watch.h"

#include <poll.h>
#include <unistd.h>

#include <utility>

#include "proxyd/net/worker.h"

namespace proxyd::net {

namespace {

constexpr std::uint32_t kBroken = EPOLLERR | EPOLLHUP;
constexpr std::uint32_t kEnd = EPOLLRDHUP | EPOLLPRI | kBroken;
constexpr std::uint32_t kInput = EPOLLIN | EPOLLRDHUP | EPOLLPRI | EPOLLET;

}  // namespace

Watch::Watch(Worker& worker, int fd) : worker_(worker), fd_(fd) {}

Watch::~Watch() {
    close();
}

void Watch::close() {
    if (fd_ < 0) return;
    // Closing the only descriptor of a socket takes it out of the epoll set, no call is needed.
    if (joined_) worker_.reactor().forget(*this);
    ::close(std::exchange(fd_, -1));
    input_armed_ = output_armed_ = false;
    Latecomer::unlink();
}

void Watch::on_events(std::uint32_t events) {
    if (events & (EPOLLIN | kEnd)) {
        drained_ = false;
        end_announced_ |= (events & kEnd) != 0;
        if (std::exchange(input_armed_, false)) on_ready(false);
    }
    if (events & (EPOLLOUT | kBroken)) {
        full_ = false;
        broken_ |= (events & kBroken) != 0;
        if (std::exchange(output_armed_, false)) on_ready(true);
    }
}

// Brings an edge when there is input, or room, already.
void Watch::join(std::uint32_t events) {
    Latecomer::unlink();
    worker_.reactor().add(fd_, events, *this);
    joined_ = true;
}

void Watch::join_late() {
    join(kInput);
}

void Watch::arm_input_late() {
    if (joined_) return arm_input();
    if (fd_ < 0 || std::exchange(input_armed_, true)) return;
    worker_.latecomers().add(*this);
}

void Watch::arm_input() {
    if (fd_ < 0) return;
    if (!joined_) {
        join(kInput);
    } else if (input_armed_) {
        return;
    } else if (!drained_ || end_announced_) {
        // Not a peek: that would take the socket's error, and the owner's next read would find a mere end.
        pollfd state{fd_, POLLIN, 0};
        if (::poll(&state, 1, 0) != 0) return on_ready(false);
        drained_ = true;
    }
    input_armed_ = true;
}

void Watch::arm_output() {
    if (output_armed_ || fd_ < 0) return;
    if (!std::exchange(output_watched_, true)) {
        if (joined_) {
            worker_.reactor().change(fd_, kInput | EPOLLOUT, *this);
        } else {
            join(kInput | EPOLLOUT);
        }
    } else if (!full_ || broken_) {
        return on_ready(true);
    }
    output_armed_ = true;
}

}  // namespace proxyd::net
