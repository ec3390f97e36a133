#include "proxyd/upstream/slow_start.h"

#include <algorithm>
#include <chrono>

namespace proxyd::upstream {

namespace {

constexpr int kScale = 16;

std::int64_t seconds(common::Duration duration) {
    return std::chrono::duration_cast<std::chrono::seconds>(duration).count();
}

// Since it came up; -1: it is not in its slow start.
std::int64_t elapsed(const ServerSettings& settings, const state::ServerState& server, std::int64_t now_ms) {
    const std::int64_t since = server.warming_since_ms.load(std::memory_order_relaxed);
    if (since == 0 || server.down()) return -1;
    const std::int64_t passed = now_ms / 1000 - since / 1000;
    return passed < 0 || passed >= seconds(settings.slowstart) ? -1 : passed;
}

}  // namespace

int warmth(const ServerSettings& settings, const state::ServerState& server, std::int64_t now_ms) {
    const std::int64_t passed = elapsed(settings, server, now_ms);
    if (passed < 0) return kScale;
    const std::int64_t whole = seconds(settings.slowstart);
    return static_cast<int>((kScale * passed + whole) / whole);
}

int weight_points(const ServerSettings& settings, const state::ServerState& server, std::int64_t now_ms) {
    return server.weight.load(std::memory_order_relaxed) * warmth(settings, server, now_ms);
}

int warm_limit(int maxconn, const ServerSettings& settings, const state::ServerState& server,
               std::int64_t now_ms) {
    const std::int64_t passed = elapsed(settings, server, now_ms);
    if (passed < 0 || maxconn <= 0) return maxconn;
    return static_cast<int>(std::max<std::int64_t>(1, maxconn * passed / seconds(settings.slowstart)));
}

int throttle_percent(const ServerSettings& settings, const state::ServerState& server, std::int64_t now_ms) {
    const int weight = server.weight.load(std::memory_order_relaxed);
    if (elapsed(settings, server, now_ms) < 0 || weight == 0) return 0;
    return (100 * weight_points(settings, server, now_ms) + kScale - 1) / (kScale * weight);
}

}  // namespace proxyd::upstream
