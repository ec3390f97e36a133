// Start, stop, and everything that changes from outside. Adverts: receive.cpp; time: timers.cpp.
#include "vrrpd/fsm/machine.h"

#include <algorithm>

#include "vrrpd/fsm/context.h"

namespace vrrpd::fsm {
namespace {

constexpr Duration kRestoreEvery = std::chrono::seconds(1);
constexpr int kRestoreBurst = 5;
constexpr std::uint8_t kLowestPriority = 1;

bool in_startup_delay(const State& s) {
    return s.role == Role::init && s.deadlines.main != common::kNever;
}

// From init to the first real role.
void begin(Context& c, bool resume) {
    State& s = c.state;
    s.priority = priority_of(c);
    if (std::optional<std::string> fault = fault_of(c)) {
        if (resume) c.act(RemoveAddresses{});
        become_fault(c, std::move(*fault));
        return;
    }
    if (resume) {
        become_master(c, "was master before the restart", Cause::resume);
        return;
    }
    if (s.tracking.pending) {
        s.reason = "waiting for the first result of a check";
        s.deadlines.main = common::kNever;
        return;
    }
    const bool at_once = s.priority == packet::kPriorityOwner && c.params.start_master;
    become_backup(c, "start", at_once ? Duration{} : master_down_now(c), " (init)");
}

void on_start(Context& c, const Start& start) {
    State& s = c.state;
    s.started = true;
    s.since = c.now;
    s.link_up = start.link_up;
    s.source = start.source;
    s.tracking = start.tracking;
    s.master_interval = c.params.advert_interval;
    if (start.resume) {
        s.resumed_priority = start.resume->priority;
        begin(c, true);
        return;
    }
    // What an earlier life may have left on the interface.
    c.act(RemoveAddresses{});
    if (c.params.startup_delay > Duration{}) {
        s.priority = priority_of(c);
        s.reason = "startup delay of " + seconds(c.params.startup_delay);
        s.deadlines.main = c.now + c.params.startup_delay;
        return;
    }
    begin(c, false);
}

void on_stop(Context& c, const Stop& stop) {
    State& s = c.state;
    s.reason = stop.removed ? "taken out of the configuration" : "stopped";
    if (s.role == Role::stopping || !holds_addresses(s.role)) {
        finish(c, stop.removed);
        return;
    }
    send_advert(c, packet::kPriorityStop);
    c.log_short("sent 0 priority", Level::info, true);
    const bool serves = s.tracking.healthy && s.link_up;
    if (stop.keep_addresses || stop.removed || !serves || c.params.stop_hold <= Duration{}) {
        finish(c, stop.removed, stop.keep_addresses ? Leave::keep_addresses : Leave::remove_addresses);
        return;
    }
    s.role = Role::stopping;
    s.since = c.now;
    s.deadlines = {};
    s.deadlines.main = c.now + c.params.stop_hold;
    c.log_short("keeps the addresses until a new master speaks, at most " + seconds(c.params.stop_hold),
                Level::info, true);
}

// Whether a better router waits silently for us to give up. Nobody heard yet: asking costs nothing, because
// the addresses stay here until somebody answers.
std::optional<std::string> better_router(const Context& c) {
    const State& s = c.state;
    if (s.peers.empty()) return "priority fell to " + std::to_string(s.priority) + ": " + s.tracking.reason;
    const Peer& best = *std::ranges::max_element(s.peers, {}, &Peer::priority);
    if (best.priority <= s.priority) return std::nullopt;
    return "priority " + std::to_string(s.priority) + " is below " + std::to_string(best.priority) + " of " +
           best.address.to_string() + ": " + s.tracking.reason;
}

void change_priority(Context& c, bool may_yield) {
    State& s = c.state;
    const std::uint8_t before = s.priority;
    const Duration skew_before = skew_now(c);
    s.priority = priority_of(c);
    if (s.priority == before) return;
    c.log_short("Changing effective priority from " + std::to_string(before) + " to " +
                std::to_string(s.priority));
    c.act(Notify{NotifyEvent::priority_changed, s.priority});
    if (s.role == Role::backup) {
        s.deadlines.main = std::max(c.now, s.deadlines.main + (skew_now(c) - skew_before));
    } else if (s.role == Role::master && s.priority < before && may_yield && !c.params.nopreempt &&
               !s.tracking.healthy) {
        if (std::optional<std::string> reason = better_router(c)) begin_yield(c, std::move(*reason));
    } else if (s.role == Role::yielding && s.priority > before) {
        end_yield(c, "priority is " + std::to_string(s.priority) + " again");
    }
}

// After anything that a fault can come from or go with.
void weigh(Context& c, bool may_yield) {
    State& s = c.state;
    if (!s.started || s.role == Role::stopped) return;
    if (s.role == Role::stopping) {
        if (!s.tracking.healthy || !s.link_up) finish(c, false);
        return;
    }
    if (s.role == Role::init) {
        if (!in_startup_delay(s)) begin(c, false);
        return;
    }
    std::optional<std::string> fault = fault_of(c);
    if (fault && s.role != Role::fault) {
        s.priority = priority_of(c);
        become_fault(c, std::move(*fault));
    } else if (fault) {
        s.priority = priority_of(c);
        s.reason = std::move(*fault);
    } else if (s.role == Role::fault) {
        s.priority = priority_of(c);
        if (s.tracking.pending) return;
        const bool at_once = s.priority == packet::kPriorityOwner && c.params.start_master;
        become_backup(c, "fault cleared", at_once ? Duration{} : master_down_now(c));
    } else {
        change_priority(c, may_yield);
    }
}

// Somebody else deletes what is ours: it is set again, but this is no contest of speed.
bool may_restore(Context& c) {
    State& s = c.state;
    if (s.role != Role::master && s.role != Role::yielding) return false;
    if (s.restores.allow(c.now, kRestoreEvery, kRestoreBurst)) return true;
    if (s.deadlines.restore == common::kNever) s.deadlines.restore = c.now + kRestoreEvery;
    return false;
}

void on_address_lost(Context& c, const AddressLost& lost) {
    if (!may_restore(c)) return;
    c.act(AddAddresses{});
    c.act(Announce{c.params.announcing.repeat, lost.address});
    c.log_short("address " + lost.address.to_string() + " was deleted by somebody else: set again",
                Level::warning);
}

void on_routes_doubted(Context& c) {
    if (may_restore(c)) c.act(AddAddresses{});
}

void on_group_master(Context& c) {
    if (c.state.role == Role::backup) take_over(c, Cause::group);
}

void on_group_backup(Context& c, const GroupBackup& event) {
    State& s = c.state;
    if (s.role != Role::master && s.role != Role::yielding) return;
    const bool spoke = s.role == Role::master;
    become_backup(c, event.reason, master_down_now(c));
    if (!spoke) return;
    // It leaves without having lost to anybody: a peer that is master already announces itself to the lowest
    // priority, one that is backup need not wait after priority 0.
    send_advert(c, kLowestPriority);
    send_advert(c, packet::kPriorityStop);
    c.log_short("sent 0 priority", Level::info, true);
}

void on_group_fault(Context& c, const GroupFault& event) {
    c.state.group_fault = event.reason;
    weigh(c, false);
}

void on_reconfigured(Context& c, const Reconfigured& change) {
    State& s = c.state;
    if (c.params.group.empty()) s.group_fault.reset();
    s.owner_denied = false;
    for (Peer& peer : s.peers) peer.other_addresses.reset();
    if (c.params.version == 2 || s.role != Role::backup) s.master_interval = c.params.advert_interval;
    weigh(c, false);
    if (s.role == Role::backup) {
        s.deadlines.main = std::min(s.deadlines.main, c.now + master_down_now(c));
    } else if (s.role == Role::master) {
        advertise(c);
        s.deadlines.main = c.now + c.params.advert_interval;
        if (c.params.announcing.refresh <= Duration{}) s.deadlines.refresh = common::kNever;
        const Duration extra = c.params.announcing.extra;
        s.deadlines.extra = extra > Duration{} ? std::min(s.deadlines.extra, c.now + extra) : common::kNever;
        if (!change.added.empty() || change.routes_added) c.act(AddAddresses{});
        for (const packet::IpAddress& address : change.added) {
            c.act(Announce{c.params.announcing.repeat, address});
        }
    }
}

bool is_effect(const Action& action) {
    return std::holds_alternative<SendAdvert>(action) || std::holds_alternative<AddAddresses>(action) ||
           std::holds_alternative<RemoveAddresses>(action) || std::holds_alternative<Announce>(action);
}

struct Handler {
    Context& c;
    void operator()(const Start& event) const { on_start(c, event); }
    void operator()(const Stop& event) const { on_stop(c, event); }
    void operator()(const AdvertReceived& event) const { on_advert(c, event); }
    void operator()(const Timer&) const {
        if (in_startup_delay(c.state) && c.state.deadlines.main <= c.now) return begin(c, false);
        on_timer(c);
    }
    void operator()(const LinkChanged& event) const {
        c.state.link_up = event.up;
        weigh(c, true);
    }
    void operator()(const SourceChanged& event) const {
        c.state.source = event.source;
        weigh(c, true);
    }
    void operator()(const AddressLost& event) const { on_address_lost(c, event); }
    void operator()(const RoutesDoubted&) const { on_routes_doubted(c); }
    void operator()(const TrackingChanged& event) const {
        c.state.tracking = event.tracking;
        if (event.tracking.settled) c.state.resumed_priority.reset();
        weigh(c, true);
    }
    void operator()(const Reconfigured& event) const { on_reconfigured(c, event); }
    void operator()(const GroupMaster&) const { on_group_master(c); }
    void operator()(const GroupBackup& event) const { on_group_backup(c, event); }
    void operator()(const GroupFault& event) const { on_group_fault(c, event); }
};

}  // namespace

Step step(const Params& params, State state, const Event& event, TimePoint now) {
    Context c{params, std::move(state), now, {}};
    if (c.state.role != Role::stopped) std::visit(Handler{c}, event);
    // The network does not wait for lines and notifications; within each kind the order stays.
    std::ranges::stable_partition(c.actions, is_effect);
    return {std::move(c.state), std::move(c.actions)};
}

}  // namespace vrrpd::fsm
