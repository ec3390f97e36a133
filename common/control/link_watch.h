// Pure: when the keeper holds its link to the proxy for lost and for back, from what came over it and the
// clock.
//
// Lost: the socket closed; no `health` for silence_limit (a stopped proxy); a worker that has not turned its
// loop for hang_limit (a hung one); the proxy says it is stopping. Back: `ready` without a break for
// settle_first, doubling up to settle_max while the link flaps. `reloading` suspends all that until the proxy
// is ready again or its announced time is over. A keeper that was itself late waits once more before it
// believes its clock.
#pragma once

#include <cstdint>
#include <string>

#include "common/clock.h"
#include "common/control/protocol.h"

namespace common::control {

struct LinkLimits {
    Duration silence_limit = std::chrono::milliseconds(200);
    Duration hang_limit = std::chrono::seconds(1);
    Duration settle_first = std::chrono::seconds(1);
    Duration settle_max = std::chrono::seconds(30);
    // Held for this long without a loss, the settle time falls back to settle_first.
    Duration calm_after = std::chrono::seconds(60);
    // A poll that comes later than asked for by more than this was our own delay.
    Duration own_lateness = std::chrono::milliseconds(50);
};

enum class LinkState : unsigned char {
    unknown,   // never been up since the start: no proxy is no failure by itself
    settling,  // healthy, but not yet for long enough
    up,
    suspended,  // a reload was announced
    lost,
};

struct LinkVerdict {
    LinkState state = LinkState::unknown;
    bool changed = false;  // against the verdict before
    std::string reason;    // of a loss: "connection closed", "no health for 200 ms", "worker 2 hangs", ...
};

class LinkWatch {
 public:
    explicit LinkWatch(LinkLimits limits = {}) : limits_(limits) {}

    LinkVerdict on_up(TimePoint now);  // hello received
    LinkVerdict on_health(const Health& health, TimePoint now);
    LinkVerdict on_reloading(const Reloading& message, TimePoint now);
    LinkVerdict on_down(const std::string& reason, TimePoint now);
    LinkVerdict poll(TimePoint now);  // call at next_poll(), or later

    TimePoint next_poll() const { return next_poll_; }  // kNever: nothing to wait for
    LinkState state() const { return state_; }
    bool usable() const { return state_ == LinkState::up || state_ == LinkState::suspended; }
    const std::string& reason() const { return reason_; }
    Duration settle_time() const { return settle_; }

 private:
    LinkVerdict enter(LinkState next, TimePoint now, std::string reason = {});
    LinkVerdict lose(std::string reason, TimePoint now);
    void schedule();

    LinkLimits limits_;
    LinkState state_ = LinkState::unknown;
    std::string reason_;
    bool connected_ = false;
    bool second_look_ = false;  // late once: the next silence counts
    TimePoint last_health_{};
    TimePoint healthy_since_{};
    TimePoint up_since_{};
    TimePoint suspended_until_{};
    TimePoint next_poll_ = kNever;
    Duration settle_ = limits_.settle_first;       // of the settling that runs or comes next
    Duration next_settle_ = limits_.settle_first;  // of the one after
};

}  // namespace common::control
