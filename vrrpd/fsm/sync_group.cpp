#include "vrrpd/fsm/sync_group.h"

#include <algorithm>

namespace vrrpd::fsm {
namespace {

bool stops(const Member& member) {
    return member.state->role == Role::stopping || member.state->role == Role::stopped;
}

bool serves(const Member& member) {
    return member.state->role == Role::master || member.state->role == Role::yielding;
}

std::string place(const Member& member) {
    return member.params->name + " of group " + member.params->group;
}

// Why `member` must be at fault because of the others.
std::optional<std::string> fault_of_others(std::span<const Member> members, const Member& member) {
    for (const Member& other : members) {
        if (other.state == member.state || stops(other) || !other.state->started) continue;
        if (const auto fault = own_fault(*other.params, *other.state)) return place(other) + ": " + *fault;
        // Waiting is no reason to leave, but one not to return.
        if (other.state->tracking.pending && member.state->role == Role::fault)
            return place(other) + " waits for the first result of a check";
    }
    return std::nullopt;
}

std::vector<Order> share_faults(std::span<const Member> members) {
    std::vector<Order> orders;
    for (std::size_t i = 0; i < members.size(); ++i) {
        const State& state = *members[i].state;
        if (!state.started || stops(members[i])) continue;
        auto fault = fault_of_others(members, members[i]);
        if (fault != state.group_fault) orders.push_back({i, GroupFault{std::move(fault)}});
    }
    return orders;
}

}  // namespace

std::vector<Order> synchronise(std::span<const Member> members) {
    std::vector<Order> orders = share_faults(members);
    if (!orders.empty()) return orders;

    const auto ready = [](const Member& member) {
        return stops(member) || serves(member) ||
               (member.state->role == Role::backup && member.state->wants_master);
    };
    if (std::ranges::all_of(members, ready)) {
        for (std::size_t i = 0; i < members.size(); ++i) {
            if (members[i].state->role == Role::backup) orders.push_back({i, GroupMaster{}});
        }
        return orders;
    }
    const auto left = std::ranges::find_if(members, [](const Member& member) {
        const State& state = *member.state;
        return state.role == Role::fault ||
               (state.role == Role::backup && !state.wants_master && !state.joining);
    });
    if (left == members.end()) return orders;
    for (std::size_t i = 0; i < members.size(); ++i) {
        if (serves(members[i])) orders.push_back({i, GroupBackup{place(*left) + " is not master any more"}});
    }
    return orders;
}

Role role_of_group(std::span<const Member> members) {
    const auto any = [&](auto test) { return std::ranges::any_of(members, test); };
    const auto all = [&](auto test) { return std::ranges::all_of(members, test); };
    if (all([](const Member& m) { return m.state->role == Role::stopped; })) return Role::stopped;
    if (any([](const Member& m) { return m.state->role == Role::fault; })) return Role::fault;
    if (any(stops)) return Role::stopping;
    if (all(serves)) return Role::master;
    if (any([](const Member& m) { return m.state->role == Role::init; })) return Role::init;
    return Role::backup;
}

}  // namespace vrrpd::fsm
