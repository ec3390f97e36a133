#include "proxyd/state/server_state.h"

#include <utility>

namespace proxyd::state {

common::Endpoint ServerState::address() const {
    const std::lock_guard lock(mutex_);
    return address_;
}

void ServerState::set_address(const common::Endpoint& address) {
    const std::lock_guard lock(mutex_);
    address_ = address;
}

CheckReport ServerState::check() const {
    const std::lock_guard lock(mutex_);
    return check_;
}

CheckReport ServerState::agent_check() const {
    const std::lock_guard lock(mutex_);
    return agent_check_;
}

void ServerState::set_agent_check(CheckReport report) {
    const std::lock_guard lock(mutex_);
    agent_check_ = std::move(report);
}

void ServerState::set_check(CheckReport report) {
    const std::lock_guard lock(mutex_);
    check_ = std::move(report);
}

}  // namespace proxyd::state
