// The log lines about servers that come and go, word for word as HAProxy's: scripts read them. Pure.
#pragma once

#include <string>
#include <string_view>

#include "proxyd/upstream/check_result.h"
#include "proxyd/upstream/health.h"

namespace proxyd::upstream {

struct ServerNews {
    std::string_view backend;
    std::string_view server;
    bool is_backup = false;
    const CheckResult* result = nullptr;  // null: the reason was logged already (option log-health-checks)
    int active = 0, backup = 0;           // usable servers now
    int sessions = 0;                     // being served by it
    int requeued = 0;                     // sent from its queue to other servers
    int remaining = 0;                    // still in the backend's queue
};

std::string server_down_line(const ServerNews& news);
std::string server_up_line(const ServerNews& news);
std::string server_stopping_line(const ServerNews& news);  // http-check disable-on-404
std::string no_server_line(std::string_view backend);
// option log-health-checks
std::string check_line(const ServerNews& news, const CheckResult& result, const std::string& health_text);

// RFC 5424 severities of these lines.
inline constexpr int kEmergency = 0, kAlert = 1, kNotice = 5, kInformational = 6;

}  // namespace proxyd::upstream
