// Which requests are for the statistics page, and who may see it (configuration manual, "stats uri", "stats
// auth"). Pure.
#pragma once

#include <string_view>

#include "proxyd/http/message.h"
#include "proxyd/session/settings.h"

namespace proxyd::session {

bool is_stats_request(const StatsSettings& settings, const http::Message& request);

// Whether the request's Basic credentials (RFC 7617) are among `stats auth`; true when none are asked for.
bool stats_allowed(const StatsSettings& settings, const http::Message& request);

}  // namespace proxyd::session
