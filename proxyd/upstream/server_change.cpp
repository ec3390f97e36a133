#include "proxyd/upstream/server_change.h"

#include <algorithm>
#include <chrono>

#include "proxyd/upstream/health_log.h"

namespace proxyd::upstream {

namespace {

std::int64_t wall_now_ms() {
    using namespace std::chrono;
    return duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
}

void add_downtime(std::atomic<std::int64_t>& total, std::int64_t since, std::int64_t now) {
    total.fetch_add(std::max<std::int64_t>(0, now - since), std::memory_order_relaxed);
}

}  // namespace

ServerChange::ServerChange(Backend* backend, state::ProxyState& proxy, state::ServerState& server)
    : backend_(backend),
      proxy_(proxy),
      server_(server),
      usable_before_(usable()),
      server_was_usable_(server.usable()),
      server_was_down_(server.down()) {}

int ServerChange::usable() const {
    return proxy_.usable_servers(false) + proxy_.usable_servers(true);
}

// on-marked-down, on-marked-up (configuration manual 5.2).
void ServerChange::end_sessions() {
    if (backend_ == nullptr || server_was_down_ == server_.down()) return;
    const auto& all = backend_->settings().servers;
    const ServerSettings& settings = all[server_.index];
    if (server_.down() && settings.shut_sessions_when_down) backend_->evict(server_);
    if (server_.down() || server_.backup || !settings.shut_backup_sessions_when_up) return;
    for (const auto& other : proxy_.servers)
        if (other->backup) backend_->evict(*other);
}

int ServerChange::finish() {
    const std::int64_t now = wall_now_ms();
    if (server_was_down_ && !server_.down()) add_downtime(server_.downtime_ms, server_.changed_ms, now);
    if (server_was_usable_ != server_.usable() || server_was_down_ != server_.down())
        server_.changed_ms.store(now, std::memory_order_relaxed);
    const bool is_up = usable() > 0;
    if (is_up != (usable_before_ > 0)) {
        if (is_up) add_downtime(proxy_.downtime_ms, proxy_.changed_ms, now);
        proxy_.changed_ms.store(now, std::memory_order_relaxed);
    }
    if (backend_ != nullptr && server_was_down_ != server_.down()) {
        const bool slowly = backend_->settings().servers[server_.index].slowstart > common::Duration::zero();
        server_.warming_since_ms.store(slowly && !server_.down() ? now : 0, std::memory_order_relaxed);
    }
    const int requeued = backend_ != nullptr ? backend_->servers_changed() : 0;
    end_sessions();
    return requeued;
}

namespace {

// What a server hands down to those that track it.
state::Admin handed_down(const state::ServerState& server) {
    if (server.in_maintenance()) return state::Admin::maintenance;
    const state::Admin inherited = server.inherited.load(std::memory_order_relaxed);
    return inherited != state::Admin::ready ? inherited : server.admin.load(std::memory_order_relaxed);
}

// The line about a server that came to be like the one it tracks.
void log_following(const Follower& follower, const ServerChange& change, state::Admin before,
                   const std::string& via, int requeued) {
    state::ProxyState& proxy = follower.backend->state();
    const state::ServerState& server = *follower.server;
    const state::Admin now = server.inherited.load(std::memory_order_relaxed);
    const std::string title = server_title(proxy, server);
    if (now != before && now == state::Admin::maintenance)
        follower.log(kAlert, title + " is going DOWN for maintenance via " + via + ". " +
                                 servers_left(proxy, server, "left", requeued));
    else if (now != before && now == state::Admin::drain)
        follower.log(kNotice,
                     title + " enters drain state via " + via + ". " + servers_online(proxy, requeued));
    else if (now != before && before == state::Admin::maintenance)
        follower.log(kNotice,
                     title + " is " + (server.down() ? "DOWN" : "UP/READY") + " (leaving maintenance).");
    else if (now != before)
        follower.log(kNotice, title + " is UP (leaving forced drain).");
    else if (change.went_down())
        follower.log(kAlert,
                     title + " is DOWN via " + via + ". " + servers_left(proxy, server, "left", requeued));
    else if (change.went_up())
        follower.log(kNotice, title + " is UP via " + via + ". " + servers_online(proxy, requeued));
    else if (change.stopped())
        follower.log(kNotice, title + " is stopping via " + via + ". " + servers_online(proxy, requeued));
    if (change.lost_last()) follower.log(kEmergency, no_server_line(proxy.name));
}

}  // namespace

void ServerChange::lead_followers() {
    if (backend_ == nullptr) return;
    for (const Follower& follower : backend_->followers(server_.index)) {
        state::ServerState& server = *follower.server;
        ServerChange change(follower.backend, follower.backend->state(), server);
        const bool agent = server_.agent_down.load(std::memory_order_relaxed);
        server.health.store(agent ? state::Health::down : server_.health.load(std::memory_order_relaxed),
                            std::memory_order_relaxed);
        server.stopping.store(server_.stopping.load(std::memory_order_relaxed), std::memory_order_relaxed);
        const state::Admin before = server.inherited.exchange(handed_down(server_));
        state::CheckReport report = server.check();
        report.progress = server_.check().progress;
        server.set_check(std::move(report));
        const int requeued = change.finish();
        if (follower.log) log_following(follower, change, before, proxy_.name + "/" + server_.name, requeued);
        change.lead_followers();
    }
}

std::string servers_left(const state::ProxyState& proxy, const state::ServerState& server, const char* word,
                         int requeued) {
    return std::to_string(proxy.usable_servers(false)) + " active and " +
           std::to_string(proxy.usable_servers(true)) + " backup servers " + word + ". " +
           std::to_string(server.sessions.now()) + " sessions active, " + std::to_string(requeued) +
           " requeued, " + std::to_string(proxy.queued.now()) + " remaining in queue.";
}

std::string servers_online(const state::ProxyState& proxy, int requeued) {
    return std::to_string(proxy.usable_servers(false)) + " active and " +
           std::to_string(proxy.usable_servers(true)) + " backup servers online. " +
           std::to_string(requeued) + " sessions requeued, " + std::to_string(proxy.queued.now()) +
           " total in queue.";
}

void set_admin_state(Backend* backend, state::ProxyState& proxy, state::ServerState& server,
                     state::Admin wanted,
                     const std::function<void(int severity, const std::string& text)>& log) {
    using state::Admin;
    ServerChange change(backend, proxy, server);
    const Admin before = server.admin.exchange(wanted);
    if (before == wanted) return;
    const int requeued = change.finish();
    const std::string title = server_title(proxy, server);
    if (wanted == Admin::maintenance) {
        log(kAlert,
            title + " is going DOWN for maintenance. " + servers_left(proxy, server, "left", requeued));
    } else if (wanted == Admin::drain) {
        log(kNotice, title + " enters drain state. " + servers_online(proxy, requeued));
    } else if (before == Admin::maintenance) {
        const bool down = server.health.load() == state::Health::down;
        log(kNotice, title + " is " + (down ? "DOWN" : "UP/READY") + " (leaving forced maintenance).");
    } else {
        log(kNotice, title + " is UP (leaving forced drain).");
    }
    if (change.lost_last()) log(kEmergency, no_server_line(proxy.name));
    change.lead_followers();
}

std::string server_title(const state::ProxyState& proxy, const state::ServerState& server) {
    return std::string(server.backup ? "Backup Server " : "Server ") + proxy.name + "/" + server.name;
}

}  // namespace proxyd::upstream
