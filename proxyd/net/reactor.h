// A worker's epoll set, and what the kernel said in its last look. Asio's own reactor is left aside: it does
// not pass on which events there were (EPOLLRDHUP spares a question per read), holds half a kilobyte for each
// descriptor, and sends every event through two queues. Worker's thread only.
#pragma once

#include <sys/epoll.h>

#include <array>
#include <cstdint>

#include "common/unique_fd.h"

namespace proxyd::net {

class Reactor {
 public:
    // Who wants to hear of a descriptor. Must call forget() before it goes.
    class Member {
     public:
        virtual void on_events(std::uint32_t events) = 0;  // EPOLL...; may end any member, itself too

     protected:
        ~Member() = default;
    };
    struct News {
        Member* member = nullptr;  // null: no more in this turn
        std::uint32_t events = 0;
    };

    Reactor();
    Reactor(const Reactor&) = delete;
    Reactor& operator=(const Reactor&) = delete;

    // epoll_ctl(2); throw std::system_error, as only a lack of kernel memory makes them fail.
    void add(int fd, std::uint32_t events, Member& member) { control(EPOLL_CTL_ADD, fd, events, member); }
    void change(int fd, std::uint32_t events, Member& member) { control(EPOLL_CTL_MOD, fd, events, member); }
    // Also needed before closing when another process or descriptor shares what fd stands for.
    void remove(int fd, const Member& member);
    // The last descriptor of what was watched is closed: no further event is told.
    void forget(const Member& member);

    void wait(int timeout_ms);  // one look; -1: as long as it takes. Only when next() has none left
    News next();

 private:
    void control(int operation, int fd, std::uint32_t events, Member& member);

    common::UniqueFd set_;
    std::array<epoll_event, 128> found_;
    std::size_t position_ = 0, count_ = 0;
};

}  // namespace proxyd::net
