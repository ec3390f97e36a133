// The election of one virtual router as a pure function (RFC 3768, 6; RFC 5798, 6; keepalived's behaviour
// where it differs).
//
//   Step done = step(params, std::move(state), event, now);
//   state = std::move(done.next); run(done.actions) in order;
//   arm one timer for next_deadline(state), which delivers Timer
//
// The machine keeps its deadlines itself. What its caller must hold to: before Timer is delivered, whatever
// has arrived on the advert sockets is delivered first, so that a late process never acts on an old picture.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "common/clock.h"
#include "vrrpd/fsm/params.h"
#include "vrrpd/fsm/rate_limit.h"
#include "vrrpd/fsm/tracking.h"
#include "vrrpd/packet/address.h"

namespace vrrpd::fsm {

using common::Duration;
using common::TimePoint;

enum class Role : unsigned char {
    init,  // not started, in its startup delay, or waiting for the first result of a weight-0 check
    backup,
    master,
    yielding,  // a master that lost the comparison of priorities: priority 0 sent, addresses held until a
               // better one speaks
    fault,
    stopping,  // priority 0 sent, addresses held until a new master speaks, at most stop_hold; silent
    stopped,   // final
};

std::string_view name_of(Role role);  // INIT BACKUP MASTER MASTER FAULT STOP STOP
constexpr bool holds_addresses(Role role) {
    return role == Role::master || role == Role::yielding || role == Role::stopping;
}

// ---- events ---------------------------------------------------------------------------------------------

// A former life, read from the state file and still true: its last advert is younger than 3 advert intervals,
// same boot, same network namespace, and its addresses are still set.
struct Resume {
    std::uint8_t priority = 0;  // last advertised
};
struct Start {
    bool link_up = true;
    std::optional<packet::IpAddress> source;  // address the adverts come from; none: fault
    Tracking tracking;
    std::optional<Resume> resume;
};
struct Stop {
    bool keep_addresses = false;  // -V: leave them on the interface
    bool removed = false;         // taken out of the configuration: DELETED instead of STOP
};
struct AdvertReceived {
    packet::IpAddress source;
    std::uint8_t priority = 0;
    Duration interval{};  // adopted in version 3
    std::optional<std::vector<packet::IpAddress>>
        other_addresses{};  // what it carries, when that is not ours
};
struct Timer {};
struct LinkChanged {
    bool up = false;
};
struct SourceChanged {
    std::optional<packet::IpAddress> source;
};
// One of our addresses was deleted by somebody else.
struct AddressLost {
    packet::IpAddress address;
};
// Routes or rules of ours may have been deleted: what is missing is to be set again.
struct RoutesDoubted {};
// A script, interface, file or the proxy link changed something; only the sum matters here.
struct TrackingChanged {
    Tracking tracking;
};
// Reload: `params` are new. The caller diffs the addresses itself; `added` are announced.
struct Reconfigured {
    std::vector<packet::IpAddress> added;
    bool routes_added = false;
};

// What the sync group asks of a member (fsm/sync_group.h decides).
struct GroupMaster {};  // every member may be master now
struct GroupBackup {
    std::string reason;
};
struct GroupFault {
    std::optional<std::string> reason;  // another member's fault; none: no other is at fault any more
};

using Event =
    std::variant<Start, Stop, AdvertReceived, Timer, LinkChanged, SourceChanged, AddressLost, RoutesDoubted,
                 TrackingChanged, Reconfigured, GroupMaster, GroupBackup, GroupFault>;

// ---- actions --------------------------------------------------------------------------------------------

struct SendAdvert {
    std::uint8_t priority = 0;
    // Carried instead of our own: the list of a peer that may drop adverts with any other (fsm/sending.cpp).
    std::optional<std::vector<packet::IpAddress>> addresses{};
    bool operator==(const SendAdvert&) const = default;
};
// All addresses, routes and rules of the instance. Idempotent: sets what is missing.
struct AddAddresses {
    bool operator==(const AddAddresses&) const = default;
};
struct RemoveAddresses {
    bool operator==(const RemoveAddresses&) const = default;
};
// Gratuitous ARP / neighbour adverts, `repeat` times, for `only` or for every address.
struct Announce {
    int repeat = 1;
    std::optional<packet::IpAddress> only;
    bool operator==(const Announce&) const = default;
};
enum class Level : unsigned char { debug, info, notice, warning, error };
struct Log {
    Level level = Level::info;
    bool detail = false;  // only under -D
    std::string text;
    bool operator==(const Log&) const = default;
};
enum class NotifyEvent : unsigned char {
    master,
    backup,
    fault,
    stop,
    deleted,
    lower_prio_received,
    priority_changed
};
struct Notify {
    NotifyEvent event = NotifyEvent::backup;
    std::uint8_t priority = 0;
    bool operator==(const Notify&) const = default;
};
// For the history of `vrrpd --show` and the role sent to the proxy.
struct Transition {
    Role from = Role::init;
    Role to = Role::init;
    std::string reason;
    bool operator==(const Transition&) const = default;
};
// Role::stopped is reached: nothing follows, the caller may let go of the instance.
struct Finished {
    bool operator==(const Finished&) const = default;
};

using Action =
    std::variant<SendAdvert, AddAddresses, RemoveAddresses, Announce, Log, Notify, Transition, Finished>;
// In one step sending, addresses and announcements come first, in their order; then the rest, in its order.
using Actions = std::vector<Action>;

// ---- state ----------------------------------------------------------------------------------------------

// A router heard with a priority other than 0.
inline constexpr std::size_t kMaxPeers = 16;
struct Peer {
    packet::IpAddress address;
    std::uint8_t priority = 0;
    TimePoint heard{};
    std::optional<std::vector<packet::IpAddress>> other_addresses{};  // as in its last advert
};

struct Deadlines {
    TimePoint main = common::kNever;      // backup: master down; master: next advert; else: end of the wait
    TimePoint announce = common::kNever;  // second block of ARPs
    TimePoint settle = common::kNever;    // one more ARP, when the former master has let go
    TimePoint refresh = common::kNever;   // garp_master_refresh
    TimePoint extra = common::kNever;     // garp_extra_if
    TimePoint restore = common::kNever;   // addresses deleted faster than they are put back
};

struct State {
    Role role = Role::init;
    std::string reason;  // why the role is what it is: "no advert of 192.168.36.129 for 3.6 s"
    TimePoint since{};   // of the role
    Deadlines deadlines;

    std::uint8_t priority = 0;   // effective, 1-255
    Duration master_interval{};  // v3: the master's, else our own
    std::optional<Peer> master;  // who sent the last valid advert; a lower one beside it is none
    std::optional<packet::IpAddress> released_by;  // this master said priority 0, and we wait for our skew
    std::vector<Peer>
        peers;  // at most kMaxPeers; those that did not take over when they were to are forgotten

    bool started = false;
    bool link_up = true;
    std::optional<packet::IpAddress> source;
    Tracking tracking;
    std::optional<std::uint8_t> resumed_priority;  // kept until every check has reported once
    TimePoint preempt_after = common::kNever;      // end of preempt_delay; kNever: not begun
    bool wants_master = false;  // in a sync group: its wait is over, the other members' not yet
    bool joining = true;        // has neither been master nor given way to one: no example to its group
    std::optional<std::string> group_fault;  // another member of the group is at fault
    // Another router claims priority 255 as we do, and has the lower address.
    TimePoint other_owner_since = common::kNever;
    TimePoint other_owner_heard{};
    bool owner_denied = false;  // it did not give way: 254 until the configuration is read again
    bool late_once = false;     // has listened longer because its timer was late
    TimePoint reassured{};      // last announcement behind an advert
    int announce_repeat = 0;    // of the pending second block

    RateLimit replies;  // to lower adverts: a flood of them costs one answer per interval
    RateLimit restores;
    RateLimit lower_lines, stranger_lines, same_source_lines;
    std::uint32_t transitions_to_master = 0;  // counters for statistics
    std::uint32_t transitions_to_backup = 0;
    std::uint32_t transitions_to_fault = 0;
};

struct Step {
    State next;
    Actions actions;
};

Step step(const Params& params, State state, const Event& event, TimePoint now);

// What keeps this instance itself from running, if anything does: link, source address, a check of weight 0.
std::optional<std::string> own_fault(const Params& params, const State& state);

// When Timer is due; kNever: nothing is awaited.
TimePoint next_deadline(const State& state);

// v2: (256 - priority) / 256 s; v3: (256 - priority) / 256 of the master's interval. Microseconds, as
// keepalived computes it.
Duration skew(const Params& params, std::uint8_t priority, Duration master_interval);
// down_timer_adverts x interval + skew.
Duration master_down(const Params& params, std::uint8_t priority, Duration master_interval);

}  // namespace vrrpd::fsm
