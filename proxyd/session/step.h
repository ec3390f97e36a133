// What one step of a session says: done, or what to wait for before the next one. Stages of a session are
// objects with plain functions that return steps; only the session's coroutine suspends, so that waiting
// costs no frame per stage:
//
//     for (Step step = stage.step(); !step.done; step = stage.step()) {
//         co_await waiter.wait(step.interest, step.deadline);
//     }
#pragma once

#include <algorithm>

#include "common/clock.h"
#include "proxyd/net/stream.h"
#include "proxyd/net/waiter.h"

namespace proxyd::session {

struct Step {
    bool done = false;
    net::Waiter::Bits interest = 0;
    common::TimePoint deadline = common::kNever;

    static Step finished() { return {true, 0, common::kNever}; }
    static Step wait(net::Waiter::Bits interest, common::TimePoint deadline) {
        return {false, interest, deadline};
    }
};

// A timeout of 0 means none.
inline common::TimePoint after(common::TimePoint start, common::Duration timeout) {
    return timeout == common::Duration::zero() ? common::kNever : start + timeout;
}

// Arms the wait that an operation which would block needs: with TLS reading may wait for output, and writing
// for input.
inline void arm_for_input(net::Stream& stream) {
    stream.is_tls() && stream.wants_write() ? stream.arm_write() : stream.arm_read();
}
inline void arm_for_output(net::Stream& stream) {
    stream.is_tls() && !stream.wants_write() ? stream.arm_read() : stream.arm_write();
}

inline constexpr net::Waiter::Bits kClientBits = net::Waiter::kClientIn | net::Waiter::kClientOut;
inline constexpr net::Waiter::Bits kServerBits = net::Waiter::kServerIn | net::Waiter::kServerOut;

}  // namespace proxyd::session
