// One coroutine's place to wait for the first of several things: its sockets, its deadline, a message
// from another worker. Owned by a session; used on its worker's thread only.
//
// Readiness is a bit that stays set until it is taken. Nothing is cancelled when another thing fires first, so
// waiting costs neither allocations nor cancellations (proxyd/README.md, "Way of a request").
#pragma once

#include <cstdint>
#include <optional>

#include "common/clock.h"
#include "proxyd/net/deadline.h"
#include "proxyd/net/task.h"

namespace proxyd::net {

class Worker;

class Waiter {
   public:
    using Bits = std::uint32_t;
    static constexpr Bits kClientIn = 1, kClientOut = 2, kServerIn = 4, kServerOut = 8;
    static constexpr Bits kDeadline = 16;  // the deadline given to wait() has passed
    static constexpr Bits kMail = 32;      // a slot was freed, a server came or went, another worker answers
    static constexpr Bits kStop = 64;      // the worker ends: finish what is short, close what is idle

    explicit Waiter(Worker& worker);
    ~Waiter();
    Waiter(const Waiter&) = delete;
    Waiter& operator=(const Waiter&) = delete;

    // Suspends until a bit of `interest` is set or `deadline` (kNever: none) passes; returns and clears those
    // bits. Does not suspend when one is set already.
    Task<Bits> wait(Bits interest, common::TimePoint deadline);

    void set(Bits bits);  // worker's thread only; resumes the waiting coroutine
    void clear(Bits bits) { pending_ &= ~bits; }
    Bits pending() const { return pending_; }
    Worker& worker() { return worker_; }

   private:
    using Handler = boost::asio::async_result<boost::asio::use_awaitable_t<Executor>, void()>::handler_type;

    Worker& worker_;
    Bits pending_ = 0;
    Bits interest_ = 0;
    std::optional<Handler> handler_;
    Deadline deadline_;  // wheel entry; fires set(kDeadline)
};

}  // namespace proxyd::net
