#include "vrrpd/admin/status.h"

#include <unistd.h>

#include "common/control/protocol.h"

namespace vrrpd::admin {

namespace control = common::control;
namespace json = boost::json;
using common::Clock;
using common::Duration;
using common::TimePoint;
using engine::Router;

namespace {

std::int64_t ms(Duration duration) {
    return std::chrono::duration_cast<std::chrono::milliseconds>(duration).count();
}
std::int64_t unix_ms(std::chrono::system_clock::time_point at) {
    return std::chrono::duration_cast<std::chrono::milliseconds>(at.time_since_epoch()).count();
}

// null instead of a time that is not set.
json::value ms_ago(TimePoint at) {
    if (at == TimePoint{} || at == common::kNever) return nullptr;
    return ms(Clock::now() - at);
}
json::value ms_until(TimePoint at) {
    if (at == common::kNever) return nullptr;
    return std::max<std::int64_t>(0, ms(at - Clock::now()));
}

const char* name_of(fsm::Health health) {
    switch (health) {
        case fsm::Health::unknown:
            return "unknown";
        case fsm::Health::good:
            return "good";
        case fsm::Health::bad:
            return "bad";
    }
    return "";
}

const char* name_of(fsm::TrackKind kind) {
    static constexpr const char* kNames[] = {"script", "interface", "proxy",
                                             "file",   "process",   "track_group"};
    return kNames[static_cast<std::size_t>(kind)];
}

const char* name_of(control::LinkState state) {
    static constexpr const char* kNames[] = {"absent", "settling", "up", "reloading", "lost"};
    return kNames[static_cast<std::size_t>(state)];
}

json::array addresses_of(const engine::Engine& engine, const Router& router) {
    json::array list;
    const auto add = [&](const config::AddressEntry& entry, bool advertised) {
        const std::string& device = entry.device.empty() ? router.settings().interface : entry.device;
        const io::Link* link = engine.network().find(device);
        list.push_back(
            json::object{{"address", entry.address.to_string()},
                         {"prefix", entry.prefix},
                         {"device", device},
                         {"advertised", advertised},
                         {"set", link != nullptr && engine.network().is_set(entry.address, link->index)}});
    };
    for (const auto& entry : router.settings().addresses) add(entry, true);
    for (const auto& entry : router.settings().excluded_addresses) add(entry, false);
    return list;
}

json::array checks_of(const engine::Engine& engine, const Router& router) {
    json::array list;
    for (const fsm::TrackRule& rule : engine.rules_of(router.settings())) {
        const fsm::TrackResult result = engine.result_of(rule);
        json::object check{
            {"kind", name_of(rule.kind)},
            {"name", rule.name},
            {"weight", rule.weight},
            {"reverse", rule.reverse},
            {"health", name_of(result.health)},
            {"adds", result.health == fsm::Health::unknown ? 0 : fsm::contribution(rule, result).delta},
            {"detail", result.detail}};
        if (rule.kind == fsm::TrackKind::file) check["value"] = result.value;
        const engine::ScriptRunner* script = engine.trackers().script(rule.name);
        if (rule.kind == fsm::TrackKind::script && script != nullptr) {
            check["interval_ms"] = ms(script->script().interval);
            check["last_ms_ago"] = ms_ago(script->last_end());
            check["running"] = script->running();
            check["runs"] = script->runs();
        }
        list.push_back(std::move(check));
    }
    return list;
}

json::array peers_of(const fsm::State& state) {
    json::array list;
    for (const fsm::Peer& peer : state.peers) {
        list.push_back(json::object{{"address", peer.address.to_string()},
                                    {"priority", peer.priority},
                                    {"heard_ms_ago", ms_ago(peer.heard)},
                                    {"master", state.master && state.master->address == peer.address}});
    }
    return list;
}

json::object counters_of(const engine::Counters& counters) {
    json::object dropped;
    for (std::size_t i = 0; i < packet::kDropReasons; ++i) {
        if (counters.dropped[i] == 0) continue;
        dropped[packet::name_of(static_cast<packet::DropReason>(i))] = counters.dropped[i];
    }
    return {{"adverts_sent", counters.adverts_sent},
            {"adverts_received", counters.adverts_received},
            {"send_errors", counters.send_errors},
            {"priority_zero_sent", counters.priority_zero_sent},
            {"priority_zero_received", counters.priority_zero_received},
            {"address_list_differs", counters.address_list_differs},
            {"announcements", counters.announcements},
            {"addresses_restored", counters.addresses_restored},
            {"dropped", std::move(dropped)}};
}

json::array history_of(const Router& router) {
    json::array list;
    for (const engine::HistoryEntry& entry : router.history()) {
        list.push_back(json::object{{"at_ms", unix_ms(entry.at)},
                                    {"from", fsm::name_of(entry.from)},
                                    {"to", fsm::name_of(entry.to)},
                                    {"reason", entry.reason}});
    }
    return list;
}

json::object instance_of(const engine::Engine& engine, const Router& router) {
    const config::Instance& settings = router.settings();
    const fsm::State& state = router.state();
    const io::Link* link = engine.network().find(settings.interface);
    json::object out{{"name", settings.name},
                     {"group", settings.group},
                     {"state", fsm::name_of(state.role)},
                     {"yielding", state.role == fsm::Role::yielding},
                     {"reason", state.reason},
                     {"since_ms", ms_ago(state.since)},
                     {"interface", settings.interface},
                     {"interface_up", link != nullptr && link->up},
                     {"vrid", settings.vrid},
                     {"version", settings.version},
                     {"priority", state.priority},
                     {"base_priority", settings.priority},
                     {"preempt", !settings.nopreempt},
                     {"source", state.source ? json::value(state.source->to_string()) : json::value(nullptr)},
                     {"configured_source",
                      settings.source ? json::value(settings.source->to_string()) : json::value(nullptr)}};
    out["destinations"] = json::array();
    if (!settings.unicast())
        out["destinations"].as_array().push_back(json::string(router.group().to_string()));
    for (const auto& peer : settings.unicast_peers) {
        out["destinations"].as_array().push_back(json::string(peer.address.to_string()));
    }
    out["timers"] =
        json::object{{"advert_ms", ms(settings.advert_interval)},
                     {"master_down_ms",
                      ms(fsm::master_down(router.params(), std::max<std::uint8_t>(state.priority, 1),
                                          state.master_interval > Duration{} ? state.master_interval
                                                                             : settings.advert_interval))},
                     {"next_ms", ms_until(state.deadlines.main)}};
    out["addresses"] = addresses_of(engine, router);
    out["checks"] = checks_of(engine, router);
    out["peers"] = peers_of(state);
    out["counters"] = counters_of(router.counters());
    out["transitions"] = json::object{{"master", state.transitions_to_master},
                                      {"backup", state.transitions_to_backup},
                                      {"fault", state.transitions_to_fault}};
    out["history"] = history_of(router);
    return out;
}

json::object proxy_of(const engine::ProxyLink& link) {
    json::object out{{"socket", link.path()}, {"link", name_of(link.state())}, {"reason", link.reason()}};
    if (link.peer()) {
        out["pid"] = link.peer()->pid;
        out["release"] = link.peer()->release;
        out["started_at_ms"] = link.peer()->started_ms;
    }
    if (!link.health()) return out;
    const control::Health& health = *link.health();
    out["state"] = control::name_of(health.state);
    out["health_ms_ago"] = ms_ago(link.health_at());
    out["listeners_up"] = health.listeners_up;
    out["listeners_total"] = health.listeners_total;
    json::array workers, backends;
    for (const auto& worker : health.workers) {
        workers.push_back(json::object{{"id", worker.id}, {"since_turn_ms", worker.since_turn_ms}});
    }
    if (health.backends) {
        for (const auto& backend : *health.backends) {
            backends.push_back(
                json::object{{"name", backend.name}, {"usable", backend.usable}, {"total", backend.total}});
        }
    }
    out["workers"] = std::move(workers);
    out["backends"] = std::move(backends);
    return out;
}

}  // namespace

json::object status_of(const engine::Engine& engine, const ProcessInfo& process) {
    const auto& router_id = engine.config().globals.router_id;
    json::array instances;
    for (const auto& router : engine.routers()) instances.push_back(instance_of(engine, *router));
    json::array groups;
    for (const config::SyncGroup& group : engine.config().sync_groups) {
        groups.push_back(json::object{{"name", group.name},
                                      {"state", fsm::name_of(engine.groups().role(group.name))},
                                      {"members", json::array(group.members.begin(), group.members.end())}});
    }
    const engine::LateTimers& late = engine.late_timers();
    return {{"node", router_id.empty() ? engine::host_name() : router_id},
            {"host", engine::host_name()},
            {"release", process.release},
            {"pid", ::getpid()},
            {"started_at_ms", unix_ms(process.started)},
            {"uptime_ms", unix_ms(std::chrono::system_clock::now()) - unix_ms(process.started)},
            {"configuration", process.config_path},
            {"reloads", engine.reloads()},
            {"last_reload",
             process.reload.at == std::chrono::system_clock::time_point{}
                 ? json::value(nullptr)
                 : json::value{{"at_ms", unix_ms(process.reload.at)}, {"refused", process.reload.refused}}},
            {"unknown_vrids", engine.unknown_vrids()},
            {"late_timers",
             json::object{{"count", late.count},
                          {"longest_us",
                           std::chrono::duration_cast<std::chrono::microseconds>(late.longest).count()}}},
            {"instances", std::move(instances)},
            {"groups", std::move(groups)},
            {"proxy", proxy_of(engine.proxy())}};
}

}  // namespace vrrpd::admin
