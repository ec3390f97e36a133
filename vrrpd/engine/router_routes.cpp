// virtual_routes and virtual_rules of a router. They follow its addresses: set behind them, removed before
// them.
#include <algorithm>

#include "vrrpd/engine/router.h"

namespace vrrpd::engine {

namespace log = common::log;
using config::RouteEntry;
using config::RuleEntry;

namespace {

// The same at a reload.
bool same(const RouteEntry& a, const RouteEntry& b) {
    return a.text == b.text;
}
bool same(const RuleEntry& a, const RuleEntry& b) {
    return a.text == b.text && a.priority == b.priority;
}

template <class Entry>
bool contains(const std::vector<Entry>& entries, const Entry& wanted) {
    return std::ranges::any_of(entries, [&](const Entry& entry) { return same(entry, wanted); });
}

}  // namespace

void Router::add_routes() {
    const auto set = [this](const auto& entry, std::string_view kind) {
        if (restoring_ && entry.no_track) return;
        const auto done = around_.network.add(entry);
        if (!done) return complain(done.error().text);
        if (!*done || !restoring_) return;
        ++counters_.routes_restored;
        log::warning("({}) {} {} was deleted by somebody else: set again", settings_->name, kind, entry.text);
    };
    for (const RouteEntry& route : settings_->routes) set(route, "route");
    for (const RuleEntry& rule : settings_->rules) set(rule, "rule");
}

void Router::remove_routes(const config::Instance& settings) {
    const auto take = [this](const auto& entry) {
        const auto done = around_.network.remove(entry);
        if (!done) complain(done.error().text);
    };
    std::ranges::for_each(settings.rules, take);
    std::ranges::for_each(settings.routes, take);
}

// Removes what only `before` has; whether there is something new.
bool Router::diff_routes(const config::Instance& before) {
    config::Instance gone;
    for (const RouteEntry& route : before.routes) {
        if (!contains(settings_->routes, route)) gone.routes.push_back(route);
    }
    for (const RuleEntry& rule : before.rules) {
        if (!contains(settings_->rules, rule)) gone.rules.push_back(rule);
    }
    remove_routes(gone);
    const auto is_new_route = [&](const RouteEntry& route) { return !contains(before.routes, route); };
    const auto is_new_rule = [&](const RuleEntry& rule) { return !contains(before.rules, rule); };
    return std::ranges::any_of(settings_->routes, is_new_route) ||
           std::ranges::any_of(settings_->rules, is_new_rule);
}

void Router::on_route_gone(const io::RouteGone& gone) {
    const auto ours = [&](const RouteEntry& route) {
        return route.destination.address == gone.destination && route.destination.length == gone.length;
    };
    if (std::ranges::any_of(settings_->routes, ours)) doubt_routes();
}

void Router::restore_routes() {
    if (!std::exchange(routes_doubted_, false) || !holding_) return;
    if (settings_->routes.empty() && settings_->rules.empty()) return;
    restoring_ = true;
    deliver(fsm::RoutesDoubted{});
    restoring_ = false;
}

}  // namespace vrrpd::engine
