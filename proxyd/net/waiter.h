// One coroutine's place to wait for the first of several things: its sockets, its deadline, a message
// from another worker. Owned by a session; used on its worker's thread only.
//
// Readiness is a bit that stays set until it is taken. Nothing is cancelled when another thing fires first,
// so waiting costs neither allocations nor cancellations (proxyd/README.md, "Way of a request").
#pragma once

#include <cstdint>
#include <optional>
#include <type_traits>

#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/intrusive/list.hpp>

#include "common/clock.h"
#include "proxyd/net/deadline.h"
#include "proxyd/net/task.h"

namespace proxyd::net {

class Worker;

struct ReadyTag;
struct AliveTag;
using ReadyHook =
    boost::intrusive::list_base_hook<boost::intrusive::tag<ReadyTag>,
                                     boost::intrusive::link_mode<boost::intrusive::auto_unlink>>;
using AliveHook =
    boost::intrusive::list_base_hook<boost::intrusive::tag<AliveTag>,
                                     boost::intrusive::link_mode<boost::intrusive::auto_unlink>>;

class Waiter : public ReadyHook, public AliveHook {
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

    // What wait() returns: co_await it at once in a Task.
    class Operation;

    // `Bits bits = co_await waiter.wait(interest, deadline)`: suspends until a bit of `interest` is set or
    // `deadline` (kNever: none) passes; returns and clears those bits (kDeadline among them). Look with
    // take() first where a bit is likely set already: that costs no suspension.
    Operation wait(Bits interest, common::TimePoint deadline);

    // The bits of `interest` that are set; clears them.
    Bits take(Bits interest) {
        const Bits taken = pending_ & interest;
        pending_ &= ~taken;
        return taken;
    }

    void set(Bits bits);  // worker's thread only; the waiting coroutine runs on soon, never inside this call
    void clear(Bits bits) { pending_ &= ~bits; }
    Bits pending() const { return pending_; }
    Worker& worker() { return worker_; }

 private:
    friend class Worker;
    // What Asio makes of `co_await` on an operation with the signature void(Bits): the suspended stack of
    // coroutines. Stored as it is; type erasure would cost an allocation.
    using Handler = boost::asio::detail::awaitable_async_op_handler<void(Bits), Executor>;

    void suspend(Handler&& handler, Bits interest, common::TimePoint deadline);
    void resume();   // called by the worker for each waiter of its ready list
    void abandon();  // destroys the suspended coroutines: the worker ends

    Worker& worker_;
    Bits pending_ = 0;
    Bits interest_ = 0;
    std::optional<Handler> handler_;
    Deadline deadline_;  // wheel entry; fires set(kDeadline)
};

class Waiter::Operation {
 public:
    // Not for the pointer to a frame that Asio's await_transform also tries.
    template <class Token>
        requires(!std::is_pointer_v<std::remove_cvref_t<Token>>)
    auto operator()(Token&& token) && {
        return boost::asio::async_initiate<Token, void(Bits)>(
            [this](auto&& handler) { waiter_.suspend(std::move(handler), interest_, deadline_); }, token);
    }

 private:
    friend class Waiter;
    Operation(Waiter& waiter, Bits interest, common::TimePoint deadline)
        : waiter_(waiter), interest_(interest), deadline_(deadline) {}
    Waiter& waiter_;
    Bits interest_;
    common::TimePoint deadline_;
};

inline Waiter::Operation Waiter::wait(Bits interest, common::TimePoint deadline) {
    return Operation(*this, interest, deadline);
}

}  // namespace proxyd::net
