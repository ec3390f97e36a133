// From one role to another.
#include <algorithm>

#include "vrrpd/fsm/context.h"

namespace vrrpd::fsm {
namespace {

// By then a master that served has heard the advert and removed its addresses. Until then it may answer ARP
// for them, even our own announcement, and with a VMAC lead the switch back to itself.
constexpr Duration kSettle = std::chrono::milliseconds(15);
// The least a peer gets to answer a yield: its scheduler is not exact either.
constexpr Duration kYieldMargin = std::chrono::milliseconds(50);

void enter(Context& c, Role to, std::string reason) {
    State& s = c.state;
    const Role from = s.role == Role::yielding || s.role == Role::stopping ? Role::master : s.role;
    s.role = to;
    s.since = c.now;
    s.reason = reason;
    s.deadlines = {};
    s.late_once = false;
    s.wants_master = false;
    if (holds_addresses(to)) s.joining = false;
    s.released_by.reset();
    s.preempt_after = common::kNever;
    c.act(Transition{from, to, std::move(reason)});
}

void schedule_announcements(Context& c) {
    const Announcing& a = c.params.announcing;
    State& s = c.state;
    if (a.delay > Duration{}) {
        s.deadlines.announce = c.now + a.delay;
        s.announce_repeat = a.repeat;
    }
    if (a.refresh > Duration{}) s.deadlines.refresh = c.now + a.refresh;
    if (a.extra > Duration{}) s.deadlines.extra = c.now + a.extra;
}

void announcement_lines(Context& c) {
    for (const VirtualAddress& vip : c.params.addresses) {
        const bool v4 = vip.address.family() == packet::Family::v4;
        c.log_instance("Sending " + std::string(v4 ? "gratuitous ARPs" : "unsolicited neighbour adverts") +
                       " on " + vip.interface + " for " + vip.address.to_string());
    }
}

}  // namespace

void Context::log_instance(std::string_view text, Level level) {
    act(Log{level, false, "VRRP_Instance(" + params.name + ") " + std::string(text)});
}

void Context::log_short(std::string_view text, Level level, bool detail) {
    act(Log{level, detail, "(" + params.name + ") " + std::string(text)});
}

std::string_view name_of(Role role) {
    switch (role) {
        case Role::init:
            return "INIT";
        case Role::backup:
            return "BACKUP";
        case Role::master:
        case Role::yielding:
            return "MASTER";
        case Role::fault:
            return "FAULT";
        case Role::stopping:
        case Role::stopped:
            break;
    }
    return "STOP";
}

std::uint8_t priority_of(const Context& c) {
    const State& s = c.state;
    if (c.params.owner() && s.owner_denied) return packet::kPriorityOwner - 1;
    if (s.resumed_priority && !s.tracking.settled && s.tracking.healthy && !c.params.owner()) {
        return *s.resumed_priority;
    }
    return effective_priority(c.params.priority, s.tracking.delta);
}

std::optional<std::string> own_fault(const Params& params, const State& s) {
    if (!s.link_up && !params.dont_track_primary) return "interface " + params.interface + " is down";
    if (!s.source) return "interface " + params.interface + " has no address to send adverts from";
    if (params.no_peer) return "there is no unicast peer";
    if (s.tracking.fault) return s.tracking.reason;
    return std::nullopt;
}

std::optional<std::string> fault_of(const Context& c) {
    if (std::optional<std::string> own = own_fault(c.params, c.state)) return own;
    return c.state.group_fault;
}

bool outranks(const Context& c, std::uint8_t priority, const packet::IpAddress& source) {
    if (priority != c.state.priority) return priority > c.state.priority;
    return c.state.source && source > *c.state.source;
}

void announce(Context& c, int repeat) {
    c.act(Announce{repeat, std::nullopt});
    announcement_lines(c);
}

void become_backup(Context& c, std::string reason, Duration wait, std::string_view note) {
    const bool held = holds_addresses(c.state.role);
    if (held) c.act(RemoveAddresses{});
    enter(c, Role::backup, std::move(reason));
    c.state.deadlines.main = c.now + wait;
    ++c.state.transitions_to_backup;
    c.log_instance("Entering BACKUP STATE" + std::string(note));
    if (held) c.log_instance("removing protocol VIPs.");
    c.act(Notify{NotifyEvent::backup, c.state.priority});
}

void become_master(Context& c, std::string reason, Cause cause) {
    State& s = c.state;
    // A lower master stops serving when it hears the advert: by then the addresses have to be here, however
    // long the kernel takes to set them.
    const bool preempting = !s.released_by && preempts(c);
    const bool served = s.released_by || preempting;
    if (preempting) c.act(AddAddresses{});
    send_advert(c, s.priority);
    if (!preempting) c.act(AddAddresses{});
    c.act(Announce{c.params.announcing.repeat, std::nullopt});
    enter(c, Role::master, std::move(reason));
    s.master.reset();
    s.master_interval = c.params.advert_interval;
    s.deadlines.main = c.now + c.params.advert_interval;
    schedule_announcements(c);
    if (served && c.params.announcing.repeat > 0) s.deadlines.settle = c.now + kSettle;
    ++s.transitions_to_master;
    if (cause == Cause::timeout) c.log_short("Receive advertisement timeout", Level::info, true);
    if (cause != Cause::resume) c.log_instance("Transition to MASTER STATE");
    c.log_instance("Entering MASTER STATE");
    c.log_instance("setting protocol VIPs.");
    announcement_lines(c);
    c.act(Notify{NotifyEvent::master, s.priority});
}

void become_fault(Context& c, std::string reason) {
    const bool held = holds_addresses(c.state.role);
    if (held) {
        send_advert(c, packet::kPriorityStop);
        c.act(RemoveAddresses{});
    }
    enter(c, Role::fault, reason);
    ++c.state.transitions_to_fault;
    if (held) c.log_short("sent 0 priority", Level::info, true);
    c.log_instance("Entering FAULT STATE", Level::warning);
    c.log_short(reason, Level::warning);
    if (held) c.log_instance("removing protocol VIPs.");
    c.act(Notify{NotifyEvent::fault, c.state.priority});
}

void begin_yield(Context& c, std::string reason) {
    State& s = c.state;
    send_advert(c, packet::kPriorityStop);
    s.role = Role::yielding;
    s.reason = reason;
    // A better router answers within its skew, which is shorter than ours.
    s.deadlines = {};
    s.deadlines.main = c.now + skew_now(c) + std::max(c.params.advert_interval, kYieldMargin);
    c.log_short("sent 0 priority", Level::info, true);
    c.log_short("yielding: " + reason, Level::notice);
}

void end_yield(Context& c, std::string reason) {
    State& s = c.state;
    send_advert(c, s.priority);
    c.act(Announce{c.params.announcing.repeat, std::nullopt});
    s.role = Role::master;
    s.reason = reason;
    s.deadlines = {};
    s.deadlines.main = c.now + c.params.advert_interval;
    schedule_announcements(c);
    c.log_short("stays master: " + reason, Level::notice);
}

void finish(Context& c, bool removed, Leave leave) {
    State& s = c.state;
    const bool held = holds_addresses(s.role) && leave == Leave::remove_addresses;
    if (held) c.act(RemoveAddresses{});
    enter(c, Role::stopped, s.reason);
    if (held) c.log_instance("removing protocol VIPs.");
    c.act(Notify{removed ? NotifyEvent::deleted : NotifyEvent::stop, s.priority});
    c.act(Finished{});
}

}  // namespace vrrpd::fsm
