// What the configuration says about one virtual router, as the state machine needs it. Immutable between
// reloads.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "common/clock.h"
#include "vrrpd/packet/address.h"

namespace vrrpd::fsm {

struct VirtualAddress {
    packet::IpAddress address;
    std::string interface;  // where it is set and announced
    bool extra = false;     // adverts leave by another interface: Announcing::extra is for it
};

// When and how often the neighbours are told (gratuitous ARP, unsolicited NA). Names as in keepalived.conf.
struct Announcing {
    common::Duration delay = std::chrono::seconds(5);  // of the second block; 0: none
    int repeat = 5;                                    // messages per block
    common::Duration refresh{};                        // while master; 0: never
    int refresh_repeat = 1;
    // One message right behind an advert, at least this far apart; 0: never. When a split heals, the loser
    // may fall silent at our first advert that reaches it without our hearing anything: only this moves the
    // clients.
    common::Duration reassure{};
    common::Duration extra{};  // between announcements of the extra addresses; 0: never
    common::Duration lower_prio_delay = std::chrono::seconds(5);
    int lower_prio_repeat = 5;
};

struct Params {
    std::string name;
    std::string interface;
    std::string group;  // the sync group it moves with (fsm/sync_group.h); empty: none
    int version = 2;    // 2 or 3
    packet::Family family = packet::Family::v4;
    std::uint8_t vrid = 0;
    std::uint8_t priority = 100;  // base, 1-255; 255 owns the addresses
    bool start_master = false;    // `state MASTER`: only matters to an owner
    common::Duration advert_interval = std::chrono::seconds(1);
    int down_timer_adverts = 3;  // missed adverts before takeover
    bool nopreempt = false;
    // With nopreempt: a master that did not run for as long as a router of this priority waits takes it that
    // somebody else is master now, and gives way. 0: it stays.
    std::uint8_t expired_priority = 0;
    common::Duration preempt_delay{};
    bool lower_prio_no_advert = false;  // do not answer a lower advert with one of ours
    bool last_advert = true;            // a master that loses says so: not in strict mode
    bool copy_addresses = true;         // adverts with the peer's address list too: not in strict mode
    bool no_peer = false;               // unicast, and nobody to send to: a fault
    bool owner_ignores_adverts = false;
    bool dont_track_primary = false;  // own interface down is no fault
    common::Duration startup_delay{};
    common::Duration stop_hold =
        std::chrono::seconds(1);  // addresses kept after priority 0, waiting for a new master
    Announcing announcing;
    std::vector<VirtualAddress> addresses;  // advertised first, excluded ones behind

    bool owner() const { return priority == 255; }
};

}  // namespace vrrpd::fsm
