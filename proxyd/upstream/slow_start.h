// A server that has come up gets its load little by little (configuration manual 5.2, slowstart). Pure but
// for the clock that the caller reads.
#pragma once

#include <cstdint>

#include "proxyd/state/server_state.h"
#include "proxyd/upstream/settings.h"

namespace proxyd::upstream {

// Sixteenths of its weight, 1..16; whole seconds count.
int warmth(const ServerSettings& settings, const state::ServerState& server, std::int64_t now_ms);
// Its weight in sixteenths, as it holds now: 16 for each of its weight when warm.
int weight_points(const ServerSettings& settings, const state::ServerState& server, std::int64_t now_ms);
// maxconn as it holds now, at least 1; 0: no limit.
int warm_limit(int maxconn, const ServerSettings& settings, const state::ServerState& server,
               std::int64_t now_ms);
// Percent of its weight while it warms up; 0: it does not.
int throttle_percent(const ServerSettings& settings, const state::ServerState& server, std::int64_t now_ms);

}  // namespace proxyd::upstream
