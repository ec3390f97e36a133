#include "proxyd/net/reactor.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace proxyd::net {

Reactor::Reactor() : set_(::epoll_create1(EPOLL_CLOEXEC)) {
    if (!set_) throw std::system_error(errno, std::system_category(), "epoll_create1");
}

void Reactor::control(int operation, int fd, std::uint32_t events, Member& member) {
    epoll_event event{};
    event.events = events;
    event.data.ptr = &member;
    if (::epoll_ctl(set_.get(), operation, fd, &event) != 0)
        throw std::system_error(errno, std::system_category(), "epoll_ctl");
}

void Reactor::remove(int fd, const Member& member) {
    epoll_event none{};
    ::epoll_ctl(set_.get(), EPOLL_CTL_DEL, fd, &none);
    forget(member);
}

void Reactor::forget(const Member& member) {
    for (std::size_t i = position_; i < count_; ++i) {
        if (found_[i].data.ptr == &member) found_[i].data.ptr = nullptr;
    }
}

void Reactor::wait(int timeout_ms) {
    // Not the C library's epoll_wait: that is a cancellation point, two locked operations each time.
    const long count =
        ::syscall(SYS_epoll_pwait, set_.get(), found_.data(), found_.size(), timeout_ms, nullptr, 0);
    position_ = 0;
    count_ = count < 0 ? 0 : static_cast<std::size_t>(count);
}

Reactor::News Reactor::next() {
    while (position_ < count_) {
        const epoll_event& event = found_[position_++];
        if (event.data.ptr) return {static_cast<Member*>(event.data.ptr), event.events};
    }
    return {};
}

}  // namespace proxyd::net
