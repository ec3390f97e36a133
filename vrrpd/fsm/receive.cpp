// An advert that passed all checks of packet/ (vrrp.md's table: rows BACKUP and MASTER).
#include <algorithm>

#include "vrrpd/fsm/context.h"

namespace vrrpd::fsm {
namespace {

constexpr Duration kLineEvery = std::chrono::seconds(10);
constexpr int kLineBurst = 3;
constexpr int kReplyBurst = 3;

std::string more(RateLimit& limit) {
    const std::uint32_t refused = limit.take_refused();
    return refused == 0 ? std::string() : " (" + std::to_string(refused) + " more like this)";
}

void log_lower(Context& c, const AdvertReceived& advert) {
    if (!c.state.lower_lines.allow(c.now, kLineEvery, kLineBurst)) return;
    c.log_short("received lower priority (" + std::to_string(advert.priority) + ") advert from " +
                advert.source.to_string() + " - discarding" + more(c.state.lower_lines));
}

void learn(Context& c, const AdvertReceived& advert) {
    std::vector<Peer>& peers = c.state.peers;
    const Peer heard{advert.source, advert.priority, c.now, advert.other_addresses};
    const auto known = std::ranges::find(peers, advert.source, &Peer::address);
    if (known != peers.end()) {
        *known = heard;
    } else if (peers.size() < kMaxPeers) {
        peers.push_back(heard);
    } else {
        *std::ranges::min_element(peers, {}, &Peer::heard) = heard;
    }
}

void adopt_interval(Context& c, const AdvertReceived& advert) {
    if (c.params.version == 3) c.state.master_interval = advert.interval;
}

// Whether a lower master is to be left alone for now.
bool spares_lower_master(Context& c) {
    if (c.params.nopreempt) return true;
    if (c.params.preempt_delay <= Duration{}) return false;
    if (c.state.preempt_after == common::kNever) {
        c.state.preempt_after = c.now + c.params.preempt_delay;
        c.log_short("start preempt delay (" + seconds(c.params.preempt_delay) + ")");
    }
    return c.now < c.state.preempt_after;
}

// Whether a master that is no worse than we are still speaks: then a lower one beside it is a stranger, whose
// adverts must not make us deaf to the master's farewell.
bool respects_other_than(const Context& c, const packet::IpAddress& source) {
    const std::optional<Peer>& master = c.state.master;
    return master && master->address != source && master->priority >= c.state.priority &&
           c.now - master->heard < master_down_now(c);
}

void backup_hears_end(Context& c, const AdvertReceived& advert) {
    State& s = c.state;
    if (s.master && s.master->address != advert.source) {
        if (s.stranger_lines.allow(c.now, kLineEvery, 1)) {
            c.log_short("ignored priority 0 of " + advert.source.to_string() + ", which is not the master" +
                            more(s.stranger_lines),
                        Level::warning);
        }
        return;
    }
    std::erase_if(s.peers, [&](const Peer& peer) { return peer.address == advert.source; });
    s.released_by = advert.source;
    // Never later than it would have been: repeated ones must not hold us back.
    s.deadlines.main = std::min(s.deadlines.main, c.now + skew_now(c));
    c.log_short("Backup received priority 0 advertisement", Level::info, true);
}

void backup_hears(Context& c, const AdvertReceived& advert) {
    if (advert.priority == packet::kPriorityStop) return backup_hears_end(c, advert);
    State& s = c.state;
    learn(c, advert);
    const Peer speaker{advert.source, advert.priority, c.now};
    if (advert.priority >= s.priority) {
        s.preempt_after = common::kNever;
    } else if (!spares_lower_master(c)) {
        if (!respects_other_than(c, advert.source)) s.master = speaker;
        log_lower(c, advert);
        return;
    }
    s.master = speaker;
    adopt_interval(c, advert);
    s.released_by.reset();
    s.late_once = s.wants_master = s.joining = false;
    s.deadlines.main = c.now + master_down_now(c);
    // The adverts of a lower master hold us back until preempt_delay is over, not three intervals longer.
    if (s.preempt_after != common::kNever)
        s.deadlines.main = std::min(s.deadlines.main, s.preempt_after + skew_now(c));
}

// A lower master exists beside us: it, and whoever believes it, must hear of us. One answer per interval in a
// flood.
void answer_lower(Context& c, const AdvertReceived& advert) {
    State& s = c.state;
    log_lower(c, advert);
    if (!s.replies.allow(c.now, c.params.advert_interval, kReplyBurst)) return;
    const Announcing& a = c.params.announcing;
    if (!c.params.lower_prio_no_advert) send_advert(c, s.priority);
    if (a.lower_prio_repeat > 0) {
        c.act(Announce{a.lower_prio_repeat, std::nullopt});
        if (a.lower_prio_delay > Duration{}) {
            s.deadlines.announce = c.now + a.lower_prio_delay;
            s.announce_repeat = a.lower_prio_repeat;
        }
    }
    c.act(Notify{NotifyEvent::lower_prio_received, s.priority});
}

void lose_to(Context& c, const AdvertReceived& advert) {
    State& s = c.state;
    const std::string who = advert.source.to_string();
    const std::string theirs = std::to_string(advert.priority), ours = std::to_string(s.priority);
    const bool equal = advert.priority == s.priority;
    const bool spoke = s.role == Role::master;
    c.log_instance("Received higher prio advert");
    c.log_short("Master received advert from " + who +
                (equal ? " with same priority " + theirs + " but higher IP address than ours"
                       : " with higher priority " + theirs + ", ours " + ours));
    adopt_interval(c, advert);
    become_backup(c,
                  who + (equal ? " has the higher address at our priority " + ours
                               : " has the higher priority " + theirs + ", ours is " + ours),
                  master_down_now(c));
    s.master = Peer{advert.source, advert.priority, c.now};
    // One last advert: the winner of a healed split announces itself only to a lower master it hears. Behind
    // the removal, so that nobody answers ARP for the addresses any more when the winner's announcement
    // arrives.
    if (spoke && c.params.last_advert) send_advert(c, s.priority);
}

// Two owners cannot be: the one with the lower address gives way (lose_to). If it does not, we do, but only
// after two of our adverts: one that does give way says a last word when it hears the first.
void hear_other_owner(Context& c, const packet::IpAddress& source) {
    State& s = c.state;
    if (s.same_source_lines.allow(c.now, kLineEvery, 1)) {
        c.log_short("CONFIGURATION ERROR: " + source.to_string() +
                        " claims to own the addresses as we do (priority 255)",
                    Level::error);
    }
    const bool goes_on = s.other_owner_since != common::kNever && s.other_owner_since >= s.since &&
                         c.now - s.other_owner_heard < master_down_now(c);
    if (!goes_on) s.other_owner_since = c.now;
    s.other_owner_heard = c.now;
    if (outranks(c, packet::kPriorityOwner, source)) return;
    if (c.now - s.other_owner_since < 2 * c.params.advert_interval) return;
    s.other_owner_since = common::kNever;
    s.owner_denied = true;
    s.priority = priority_of(c);
    c.log_short("CONFIGURATION ERROR: " + source.to_string() +
                    " has the lower address and does not give way: our priority is 254 until the "
                    "configuration is read again",
                Level::error);
    c.act(Notify{NotifyEvent::priority_changed, s.priority});
}

void master_hears(Context& c, const AdvertReceived& advert) {
    State& s = c.state;
    if (advert.priority == packet::kPriorityStop) {
        if (s.replies.allow(c.now, c.params.advert_interval, kReplyBurst)) send_advert(c, s.priority);
        return;
    }
    if (advert.priority == s.priority && s.source && advert.source == *s.source) {
        if (s.same_source_lines.allow(c.now, kLineEvery, 1)) {
            c.log_short("received an advert with our priority and our own address " +
                            advert.source.to_string() + ": another node is configured with it" +
                            more(s.same_source_lines),
                        Level::warning);
        }
        return;
    }
    if (s.priority == packet::kPriorityOwner && advert.priority == packet::kPriorityOwner)
        hear_other_owner(c, advert.source);
    learn(c, advert);
    if (outranks(c, advert.priority, advert.source)) {
        lose_to(c, advert);
    } else {
        answer_lower(c, advert);
    }
}

void yielding_hears(Context& c, const AdvertReceived& advert) {
    if (advert.priority == packet::kPriorityStop) return;
    learn(c, advert);
    if (outranks(c, advert.priority, advert.source)) {
        lose_to(c, advert);
    } else {
        end_yield(c, advert.source.to_string() + " has only priority " + std::to_string(advert.priority) +
                         ", ours is " + std::to_string(c.state.priority) +
                         ": the weight of the failed check is smaller than the distance");
    }
}

}  // namespace

void on_advert(Context& c, const AdvertReceived& advert) {
    // What was queued while we slept is older than our next advert, and read before it.
    (void)gave_way_after_sleep(c);
    switch (c.state.role) {
        case Role::backup:
            return backup_hears(c, advert);
        case Role::master:
            if (c.params.owner() && c.params.owner_ignores_adverts) return;
            return master_hears(c, advert);
        case Role::yielding:
            return yielding_hears(c, advert);
        case Role::stopping:
            if (advert.priority != packet::kPriorityStop) finish(c, false);
            return;
        case Role::init:
        case Role::fault:
            if (advert.priority != packet::kPriorityStop) learn(c, advert);
            return;
        case Role::stopped:
            return;
    }
}

}  // namespace vrrpd::fsm
