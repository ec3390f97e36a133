#include "vrrpd/engine/sync_groups.h"

#include <algorithm>

#include "common/logging.h"

namespace vrrpd::engine {

namespace {

// It ends by itself after three; the bound keeps a mistake from stopping the keeper.
constexpr int kMostRounds = 16;

std::optional<fsm::NotifyEvent> news_of(fsm::Role role) {
    switch (role) {
        case fsm::Role::master:
            return fsm::NotifyEvent::master;
        case fsm::Role::backup:
            return fsm::NotifyEvent::backup;
        case fsm::Role::fault:
            return fsm::NotifyEvent::fault;
        case fsm::Role::stopped:
            return fsm::NotifyEvent::stop;
        case fsm::Role::init:
        case fsm::Role::yielding:
        case fsm::Role::stopping:
            break;
    }
    return std::nullopt;
}

}  // namespace

void SyncGroups::configure(const config::Config& config,
                           const std::vector<std::unique_ptr<Router>>& routers) {
    groups_.clear();
    for (const config::SyncGroup& settings : config.sync_groups) {
        Group group{&settings, {}};
        for (const auto& router : routers) {
            if (router->settings().group == settings.name) group.routers.push_back(router.get());
        }
        groups_.push_back(std::move(group));
    }
}

void SyncGroups::settle(const Router& router) {
    for (Group& group : groups_) {
        if (group.settings->name == router.settings().group) settle(group);
    }
}

void SyncGroups::settle_all() {
    for (Group& group : groups_) settle(group);
}

bool SyncGroups::can_resume(const Router& router) const {
    const Group* group = find(router.settings().group);
    if (group == nullptr) return router.can_resume();
    return std::ranges::all_of(group->routers, [](const Router* one) {
        return one->state().started ? one->state().role == fsm::Role::master : one->can_resume();
    });
}

fsm::Role SyncGroups::role(const std::string& name) const {
    const Group* group = find(name);
    return group == nullptr ? fsm::Role::init : fsm::role_of_group(members(*group));
}

const SyncGroups::Group* SyncGroups::find(const std::string& name) const {
    const auto at =
        std::ranges::find_if(groups_, [&](const Group& group) { return group.settings->name == name; });
    return at == groups_.end() ? nullptr : &*at;
}

std::vector<fsm::Member> SyncGroups::members(const Group& group) {
    std::vector<fsm::Member> out;
    for (const Router* router : group.routers) out.push_back({&router->params(), &router->state()});
    return out;
}

void SyncGroups::settle(Group& group) {
    if (group.settling) return;
    group.settling = true;
    for (int round = 0; round < kMostRounds; ++round) {
        const auto orders = fsm::synchronise(members(group));
        if (orders.empty()) break;
        for (const fsm::Order& order : orders) group.routers[order.member]->obey(order.event);
    }
    group.settling = false;
    tell(group);
}

void SyncGroups::tell(const Group& group) {
    const fsm::Role role = fsm::role_of_group(members(group));
    const auto news = news_of(role);
    if (!news) return;
    const auto [told, first] = told_.try_emplace(group.settings->name, role);
    if (!first && told->second == role) return;
    told->second = role;
    common::log::info("VRRP_Group({}) Syncing instances to {} state", group.settings->name,
                      fsm::name_of(role));
    notifier_.notify(*group.settings, *news);
}

}  // namespace vrrpd::engine
