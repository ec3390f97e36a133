#include "proxyd/admin/server_state_dump.h"

#include <algorithm>
#include <array>
#include <chrono>

#include "common/keyword_table.h"
#include "proxyd/admin/stat_subject.h"
#include "proxyd/upstream/slow_start.h"

namespace proxyd::admin {

namespace {

constexpr int kServers = 4;  // of StatFilter::types

// Numbers of the format (management manual, "show servers state").
enum OpState { kStopped = 0, kStarting = 1, kRunning = 2, kStopping = 3 };
enum AdminBits {
    kForcedMaintenance = 0x01,
    kConfiguredMaintenance = 0x04,
    kForcedDrain = 0x08,
    kUnresolved = 0x20
};
enum CheckResultCode { kUnknown = 0, kFailed = 2, kPassed = 3 };
enum CheckBits { kConfigured = 0x02, kEnabled = 0x04, kPaused = 0x08 };

struct CheckCode {
    std::string_view name;
    int number;
};
// HAProxy's internal order of check states.
constexpr CheckCode kCheckCodes[] = {
    {"UNK", 0},   {"INI", 1},    {"HANA", 4},    {"SOCKERR", 5},  {"L4OK", 6},      {"L4TOUT", 7},
    {"L4CON", 8}, {"L6OK", 9},   {"L6TOUT", 10}, {"L6RSP", 11},   {"L7TOUT", 12},   {"L7RSP", 13},
    {"L7OK", 15}, {"L7OKC", 16}, {"L7STS", 17},  {"PROCERR", 18}, {"PROCTOUT", 19}, {"PROCOK", 20}};

int op_state(const StatSubject& s) {
    if (s.down()) return kStopped;
    if (s.server->stopping) return kStopping;
    return upstream::throttle_percent(*s.server_settings, *s.server, s.wall_ms) > 0 ? kStarting : kRunning;
}

int admin_bits(const StatSubject& s) {
    const int configured = s.server_settings->disabled ? kConfiguredMaintenance : 0;
    if (s.server->unresolved) return kUnresolved | configured;
    switch (s.server->admin.load()) {
        case state::Admin::maintenance:
            return kForcedMaintenance | configured;
        case state::Admin::drain:
            return kForcedDrain | configured;
        case state::Admin::ready:
            break;
    }
    return configured;
}

int check_result(const StatSubject& s, int code) {
    if (!s.checked() || code <= 1) return kUnknown;
    return s.check.status.ends_with("OK") ? kPassed : kFailed;
}

int check_bits(const StatSubject& s) {
    if (s.server->in_maintenance()) return kPaused | (s.checked() ? kConfigured | kEnabled : 0);
    return s.checked() ? kConfigured | kEnabled : 0;
}

int health_number(const StatSubject& s) {
    if (s.server->in_maintenance()) return 0;
    return s.checked() ? check_health(s) : s.server_settings->check.rise;
}

std::string ip_or_dash(const common::Endpoint& address) {
    return address.empty() ? "-" : address.ip();
}

std::string state_line(const StatSubject& s) {
    const common::Endpoint address = s.server->address();
    const upstream::ServerSettings& settings = *s.server_settings;
    const CheckCode* const code = common::find_row(std::span<const CheckCode>(kCheckCodes), s.check.status);
    const int check_code = s.checked() && code != nullptr ? code->number : 1;
    const bool named = !common::Endpoint::from_ip(settings.host, 1).has_value() && !settings.host.empty() &&
                       settings.host.find('/') == std::string::npos;
    const std::int64_t since = std::max<std::int64_t>(0, s.wall_ms - s.changed_ms()) / 1000;
    const std::string fields[] = {
        std::to_string(s.proxy->id),
        s.settings->name,
        std::to_string(s.server->id),
        s.server->name,
        ip_or_dash(address),
        std::to_string(op_state(s)),
        std::to_string(admin_bits(s)),
        std::to_string(s.server->configured_weight.load()),
        std::to_string(settings.weight),
        std::to_string(since),
        std::to_string(check_code),
        std::to_string(check_result(s, check_code)),
        std::to_string(health_number(s)),
        std::to_string(check_bits(s)),
        "0",                           // srv_agent_state
        "0",                           // bk_f_forced_id
        settings.id != 0 ? "1" : "0",  // srv_f_forced_id
        named ? settings.host : "-",
        std::to_string(address.empty() ? settings.port : address.port()),
        "-",  // srvrecord
        settings.tls ? "1" : "0",
        std::to_string(settings.check.port),
        ip_or_dash(settings.check.address),
        "-",  // srv_agent_addr
        "0",  // srv_agent_port
    };
    std::string line;
    for (const std::string& field : fields) line += (line.empty() ? "" : " ") + field;
    return line + "\n";
}

std::string connection_line(const StatSubject& s) {
    using std::chrono::duration_cast, std::chrono::milliseconds;
    const common::Endpoint address = s.server->address();
    const std::int64_t used = s.server->sessions.now();
    std::string line =
        s.settings->name + "/" + s.server->name + " " + std::to_string(s.proxy->id) + "/" +
        std::to_string(s.server->id) + " " + ip_or_dash(address) + " " +
        std::to_string(address.empty() ? s.server_settings->port : address.port()) + " - " +
        std::to_string(duration_cast<milliseconds>(s.server_settings->pool_purge_delay).count()) + " " +
        std::to_string(used) + " " + std::to_string(s.server->sessions.max()) + " " + std::to_string(used) +
        " 0 0 " + std::to_string(s.server_settings->pool_max_idle) + " 0";
    for (int i = 0; i < s.view->runtime->state->workers; ++i) line += " 0";
    return line + "\n";
}

template <class Render>
common::Result<std::string> dump(const View& view, std::string_view backend, std::string out, Render render) {
    StatFilter filter;
    filter.types = kServers;
    filter.proxy_name = backend;
    const bool known = backend.empty() || std::ranges::any_of(view.model->proxies, [&](const auto& proxy) {
                           return proxy->is_backend && proxy->name == backend;
                       });
    if (!known) return common::fail("Can't find backend.");
    for_each_subject(view, filter, [&](const StatSubject& s) { out += render(s); });
    return out;
}

}  // namespace

common::Result<std::string> dump_server_state(const View& view, std::string_view backend) {
    return dump(
        view, backend,
        "1\n# be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_uweight srv_iweight "
        "srv_time_since_last_change srv_check_status srv_check_result srv_check_health srv_check_state "
        "srv_agent_state bk_f_forced_id srv_f_forced_id srv_fqdn srv_port srvrecord srv_use_ssl "
        "srv_check_port "
        "srv_check_addr srv_agent_addr srv_agent_port\n",
        state_line);
}

common::Result<std::string> dump_server_connections(const View& view, std::string_view backend) {
    return dump(view, backend,
                "# bkname/svname bkid/svid addr port - purge_delay used_cur used_max need_est unsafe_nb "
                "safe_nb idle_lim "
                "idle_cur idle_per_thr[" +
                    std::to_string(view.runtime->state->workers) + "]\n",
                connection_line);
}

}  // namespace proxyd::admin
