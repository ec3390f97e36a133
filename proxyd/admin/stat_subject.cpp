#include "proxyd/admin/stat_subject.h"

#include <algorithm>
#include <chrono>

#include "proxyd/upstream/slow_start.h"

namespace proxyd::admin {

namespace {

std::int64_t wall_now_ms() {
    using namespace std::chrono;
    return duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
}

std::string with_progress(const char* word, int progress, int goal) {
    return std::string(word) + " " + std::to_string(progress) + "/" + std::to_string(goal);
}

std::string server_status(const StatSubject& subject) {
    const state::ServerState& server = *subject.server;
    if (server.admin.load(std::memory_order_relaxed) == state::Admin::maintenance) return "MAINT";
    if (server.unresolved.load(std::memory_order_relaxed)) return "MAINT (resolution)";
    const state::Admin inherited = server.inherited.load(std::memory_order_relaxed);
    const upstream::ServerSettings& settings = *subject.server_settings;
    if (inherited == state::Admin::maintenance)
        return "MAINT (via " + settings.tracked_backend + "/" + settings.tracked_server + ")";
    if (server.agent_down.load(std::memory_order_relaxed)) return "DOWN (agent)";
    const state::Health health = server.health.load(std::memory_order_relaxed);
    const upstream::CheckSettings& check = subject.server_settings->check;
    const int progress = subject.check.progress;
    if (health == state::Health::down) {
        return subject.checked() && progress > 0 ? with_progress("DOWN", progress, check.rise) : "DOWN";
    }
    if (server.stopping.load(std::memory_order_relaxed)) return "NOLB";
    const bool drain = server.admin.load(std::memory_order_relaxed) == state::Admin::drain ||
                       inherited == state::Admin::drain || server.weight.load(std::memory_order_relaxed) == 0;
    const bool falling = subject.checked() && progress > 0 && progress < check.fall;
    if (drain) return falling ? with_progress("DRAIN", progress, check.fall) : "DRAIN";
    if (!subject.checked()) return settings.tracked_server.empty() ? "no check" : "UP";
    return falling ? with_progress("UP", progress, check.fall) : "UP";
}

std::int64_t frontend_limit(const View& view, const session::ProxySettings& section) {
    return section.maxconn != 0 ? section.maxconn : view.runtime->maxconn;
}

// `fullconn`, by default a tenth of what the frontends that lead here may have (configuration manual,
// fullconn).
std::int64_t full_connections(const StatSubject& subject) {
    const session::ProxySettings& backend = *subject.settings;
    if (backend.upstream.fullconn > 0) return backend.upstream.fullconn;
    std::int64_t sum = 0;
    for (const auto& section : subject.view->model->proxies) {
        if (!section->is_frontend) continue;
        const bool leads = section.get() == &backend || section->default_backend == backend.index ||
                           std::ranges::any_of(section->use_backends, [&](const session::UseBackend& rule) {
                               return rule.backend == backend.index;
                           });
        if (leads) sum += frontend_limit(*subject.view, *section);
    }
    return std::max<std::int64_t>(1, sum / 10);
}

class Walk {
 public:
    Walk(const View& view, const StatFilter& filter, const std::function<void(const StatSubject&)>& visit)
        : filter_(filter), visit_(visit) {
        base_.view = &view;
        base_.wall_ms = wall_now_ms();
        base_.now = common::Clock::now();
    }

    void section(const session::ProxySettings& settings, state::ProxyState& proxy) {
        if (!filter_.proxy_name.empty() ? filter_.proxy_name != settings.name
                                        : filter_.proxy_id > 0 && filter_.proxy_id != proxy.id) {
            return;
        }
        if (settings.disabled) return;
        base_.settings = &settings;
        base_.proxy = &proxy;
        if (settings.is_frontend && wants(1)) give(base_, StatKind::frontend);
        if (settings.is_frontend && (filter_.types > 0 || settings.socket_stats) && wants(8)) listeners();
        if (settings.is_backend && wants(4)) servers();
        if (settings.is_backend && wants(2)) give(base_, StatKind::backend);
    }

 private:
    bool wants(int type) const { return filter_.types <= 0 || (filter_.types & type) != 0; }

    void give(StatSubject subject, StatKind kind) {
        subject.kind = kind;
        if (filter_.id < 0 || filter_.id == subject.id) visit_(subject);
    }

    void listeners() {
        for (std::size_t i = 0; i < base_.proxy->listeners.size(); ++i) {
            StatSubject subject = base_;
            subject.listener = base_.proxy->listeners[i].get();
            subject.bind = &base_.settings->binds[i];
            subject.id = subject.listener->id;
            give(std::move(subject), StatKind::listener);
        }
    }

    void servers() {
        const auto& settings = base_.settings->upstream.servers;
        for (std::size_t i = 0; i < base_.proxy->servers.size() && i < settings.size(); ++i) {
            StatSubject subject = base_;
            subject.server = base_.proxy->servers[i].get();
            subject.server_settings = &settings[i];
            subject.id = subject.server->id;
            subject.check = subject.server->check();
            give(std::move(subject), StatKind::server);
        }
    }

    const StatFilter& filter_;
    const std::function<void(const StatSubject&)>& visit_;
    StatSubject base_;
};

}  // namespace

const state::HalfState* StatSubject::half() const {
    if (kind == StatKind::frontend) return &proxy->frontend;
    return kind == StatKind::backend ? &proxy->backend : nullptr;
}

const state::ShardedCounters* StatSubject::counters() const {
    if (server != nullptr) return &server->counters;
    return half() ? &half()->counters : nullptr;
}

const state::Gauge* StatSubject::sessions() const {
    if (server != nullptr) return &server->sessions;
    return listener != nullptr ? &listener->sessions : &half()->sessions;
}

const state::Rate* StatSubject::session_rate() const {
    if (server != nullptr) return &server->session_rate;
    return half() ? &half()->session_rate : nullptr;
}

std::int64_t StatSubject::changed_ms() const {
    const std::int64_t changed = server != nullptr ? server->changed_ms.load() : proxy->changed_ms.load();
    return changed != 0 ? changed : view->runtime->state->process.started_ms;
}

bool StatSubject::down() const {
    if (server != nullptr) {
        return server->down();
    }
    return kind == StatKind::backend && !proxy->servers.empty() && proxy->usable_servers(false) == 0 &&
           proxy->usable_servers(true) == 0;
}

void for_each_subject(const View& view, const StatFilter& filter,
                      const std::function<void(const StatSubject&)>& visit) {
    Walk walk(view, filter, visit);
    const auto& states = view.runtime->state->proxies;
    const auto& proxies = view.model->proxies;
    const auto in_scope = [&](const std::string& name) {
        return filter.sections.empty() || std::ranges::find(filter.sections, name) != filter.sections.end();
    };
    for (std::size_t i = 0; i < proxies.size() && i < states.size(); ++i)
        if (in_scope(proxies[i]->name)) walk.section(*proxies[i], *states[i]);
}

std::string status_text(const StatSubject& subject) {
    switch (subject.kind) {
        case StatKind::server:
            return server_status(subject);
        case StatKind::backend:
            return subject.down() ? "DOWN" : "UP";
        case StatKind::listener:
            return subject.listener->listening.load(std::memory_order_relaxed) ? "OPEN" : "WAITING";
        case StatKind::frontend:
            break;
    }
    return subject.proxy->stopping.load(std::memory_order_relaxed) ? "STOP" : "OPEN";
}

int check_health(const StatSubject& subject) {
    const upstream::CheckSettings& check = subject.server_settings->check;
    if (subject.server->health.load(std::memory_order_relaxed) == state::Health::down)
        return subject.check.progress;
    const int progress = subject.check.progress > 0 ? subject.check.progress : check.fall;
    return check.rise - 1 + progress;
}

std::int64_t session_limit(const StatSubject& subject) {
    switch (subject.kind) {
        case StatKind::server:
            return subject.server->maxconn.load(std::memory_order_relaxed);
        case StatKind::backend:
            return full_connections(subject);
        case StatKind::listener:
            return subject.bind->maxconn;
        case StatKind::frontend:
            break;
    }
    return frontend_limit(*subject.view, *subject.settings);
}

namespace {

// In sixteenths, fewer during a slow start.
int points_of(const StatSubject& subject, const state::ServerState& server) {
    return upstream::weight_points(subject.settings->upstream.servers[server.index], server, subject.wall_ms);
}

}  // namespace

int weight_of(const StatSubject& subject) {
    if (subject.server != nullptr) return (points_of(subject, *subject.server) + 15) / 16;
    const bool on_backup = subject.proxy->usable_servers(false) == 0;
    int sum = 0;
    for (const auto& server : subject.proxy->servers) {
        if (server->usable() && server->backup == on_backup) sum += points_of(subject, *server);
    }
    return (sum + 15) / 16;
}

std::int64_t downtime_s(const StatSubject& subject) {
    const std::int64_t past =
        subject.server != nullptr ? subject.server->downtime_ms.load() : subject.proxy->downtime_ms.load();
    const std::int64_t current =
        subject.down() ? std::max<std::int64_t>(0, subject.wall_ms - subject.changed_ms()) : 0;
    return (past + current) / 1000;
}

}  // namespace proxyd::admin
