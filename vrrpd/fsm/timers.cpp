// The intervals of the protocol, and what happens when one of them ends.
#include <algorithm>
#include <cstdio>

#include "vrrpd/fsm/context.h"

namespace vrrpd::fsm {
namespace {

using std::chrono::microseconds;

constexpr int kOwnerPriority = 255;
constexpr Duration kRestoreEvery = std::chrono::seconds(1);

// Later than this the process was not running, and what it knows is old. A skew can be shorter than any
// scheduler is exact.
Duration late_limit(const Context& c) {
    return std::max(skew_now(c), c.state.master_interval / 4);
}

std::string takeover_reason(const Context& c) {
    const State& s = c.state;
    if (s.priority == packet::kPriorityOwner) return "owns the addresses (priority 255)";
    if (s.released_by) return s.released_by->to_string() + " gave up the addresses (priority 0)";
    if (!s.master) return "no master heard for " + seconds(c.now - s.since);
    const std::string who = s.master->address.to_string();
    if (preempts(c)) {
        return who + " has the lower priority " + std::to_string(s.master->priority) + ", ours is " +
               std::to_string(s.priority);
    }
    return "no advert of " + who + " for " + seconds(c.now - s.master->heard);
}

// A master that is not heard any more is no peer to yield to.
void forget_silent_master(Context& c) {
    State& s = c.state;
    if (!s.master || c.now - s.master->heard < master_down_now(c)) return;
    std::erase_if(s.peers, [&](const Peer& peer) { return peer.address == s.master->address; });
}

void master_down_expired(Context& c) {
    State& s = c.state;
    const Duration late = c.now - s.deadlines.main;
    if (!c.params.owner() && !s.late_once && late > late_limit(c)) {
        s.late_once = true;
        s.deadlines.main = c.now + s.master_interval;
        c.log_short("timer ran " + seconds(late) + " late: listening one advert interval more",
                    Level::warning);
        return;
    }
    if (!c.params.group.empty()) {
        // Only all members together: the group decides, at once when this was the last one that had to wait.
        s.wants_master = true;
        s.deadlines.main = c.now + master_down_now(c);
        return;
    }
    take_over(c, Cause::timeout);
}

void advert_due(Context& c) {
    if (gave_way_after_sleep(c)) return;
    State& s = c.state;
    const Duration late = c.now - s.deadlines.main;
    advertise(c);
    // From the time it was due, so that small delays do not add up.
    s.deadlines.main += c.params.advert_interval;
    if (s.deadlines.main <= c.now) s.deadlines.main = c.now + c.params.advert_interval;
    // Silent for so long that a backup may have announced itself in the meantime.
    if (late > c.params.advert_interval * (c.params.down_timer_adverts - 1)) {
        c.log_short("adverts were " + seconds(late) + " late: announcing the addresses again",
                    Level::warning);
        announce(c, c.params.announcing.repeat);
    }
}

void main_timer(Context& c) {
    State& s = c.state;
    switch (s.role) {
        case Role::backup:
            master_down_expired(c);
            return;
        case Role::master:
            advert_due(c);
            return;
        case Role::yielding:
            // Whoever was thought to be better would have spoken by now.
            std::erase_if(s.peers, [&](const Peer& peer) { return peer.priority > s.priority; });
            end_yield(c, "no better router took over");
            return;
        case Role::stopping:
            finish(c, false);
            return;
        case Role::init:
        case Role::fault:
        case Role::stopped:
            s.deadlines.main = common::kNever;
            return;
    }
}

}  // namespace

Duration skew(const Params& params, std::uint8_t priority, Duration master_interval) {
    const int steps = 256 - (params.owner() ? kOwnerPriority : priority);
    if (params.version == 2) return microseconds(steps * 1'000'000 / 256);
    return microseconds(steps * std::chrono::duration_cast<microseconds>(master_interval).count() / 256);
}

Duration master_down(const Params& params, std::uint8_t priority, Duration master_interval) {
    return params.down_timer_adverts * master_interval + skew(params, priority, master_interval);
}

Duration skew_now(const Context& c) {
    return skew(c.params, c.state.priority, c.state.master_interval);
}

Duration master_down_now(const Context& c) {
    return master_down(c.params, c.state.priority, c.state.master_interval);
}

bool preempts(const Context& c) {
    const State& s = c.state;
    return s.master && s.master->priority < s.priority && !c.params.nopreempt &&
           c.now - s.master->heard < master_down_now(c);
}

bool gave_way_after_sleep(Context& c) {
    const State& s = c.state;
    if (s.role != Role::master || c.params.expired_priority == 0 || s.deadlines.main == common::kNever)
        return false;
    // The others count from our last advert, one interval before this one was due.
    const Duration interval = c.params.advert_interval;
    const Duration silent = c.now - s.deadlines.main + interval;
    if (silent < master_down(c.params, c.params.expired_priority, interval)) return false;
    c.log_short("did not run for " + seconds(silent) + ": another may be master, giving way", Level::warning);
    become_backup(c, "did not run for " + seconds(silent), master_down_now(c));
    return true;
}

void take_over(Context& c, Cause cause) {
    std::string reason = takeover_reason(c);
    forget_silent_master(c);
    become_master(c, std::move(reason), cause);
}

std::string seconds(Duration time) {
    const double value = std::chrono::duration<double>(time).count();
    char text[32];
    if (value < 0.1) {
        std::snprintf(text, sizeof text, "%.0f ms", value * 1000);
    } else {
        std::snprintf(text, sizeof text, "%.1f s", value);
    }
    return text;
}

TimePoint next_deadline(const State& state) {
    const Deadlines& d = state.deadlines;
    return std::min({d.main, d.announce, d.settle, d.refresh, d.extra, d.restore});
}

void on_timer(Context& c) {
    State& s = c.state;
    if (s.deadlines.main <= c.now) main_timer(c);
    if (s.role != Role::master) return;
    if (s.deadlines.announce <= c.now) {
        s.deadlines.announce = common::kNever;
        announce(c, s.announce_repeat);
    }
    if (s.deadlines.settle <= c.now) {
        s.deadlines.settle = common::kNever;
        c.act(Announce{1, std::nullopt});
    }
    if (s.deadlines.refresh <= c.now) {
        s.deadlines.refresh = c.now + c.params.announcing.refresh;
        c.act(Announce{c.params.announcing.refresh_repeat, std::nullopt});
    }
    if (s.deadlines.extra <= c.now) {
        s.deadlines.extra = c.now + c.params.announcing.extra;
        for (const VirtualAddress& vip : c.params.addresses) {
            if (vip.extra) c.act(Announce{1, vip.address});
        }
    }
    if (s.deadlines.restore <= c.now) {
        s.deadlines.restore = common::kNever;
        c.state.restores.allow(c.now, kRestoreEvery, 1);
        c.act(AddAddresses{});
        c.act(Announce{c.params.announcing.repeat, std::nullopt});
    }
}

}  // namespace vrrpd::fsm
