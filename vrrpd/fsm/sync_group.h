// vrrp_sync_group as a pure function: instances that are master or backup together (keepalived.conf(5)).
//
//   while (auto orders = synchronise(members); !orders.empty()) deliver each to its member's machine
//
// after every event of a member. It ends: an order is given only where it changes something.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "vrrpd/fsm/machine.h"

namespace vrrpd::fsm {

struct Member {
    const Params* params = nullptr;
    const State* state = nullptr;
};

struct Order {
    std::size_t member = 0;  // index
    Event event;             // GroupMaster, GroupBackup or GroupFault
};

// * One member at fault: all are; they return when no member is at fault or waits for a check's first result.
// * A member becomes master only when all want to, and then all do.
// * A member that is not master any more takes the others with it. One that joins masters (a reload) and has
//   not heard a better router waits its time and becomes master with them.
// Members that stop are no longer asked.
std::vector<Order> synchronise(std::span<const Member> members);

// What the group as a whole is: FAULT when any is, MASTER when all are, STOP when all have stopped; INIT
// until all have begun.
Role role_of_group(std::span<const Member> members);

}  // namespace vrrpd::fsm
