// How a server is seen here, told to itself in one line (http-check send-state, configuration manual 4.2).
#pragma once

#include <string>
#include <string_view>

#include "proxyd/state/proxy_state.h"
#include "proxyd/upstream/health.h"

namespace proxyd::upstream {

// "UP 2/3; address=127.0.0.1; port=80; name=b/s; node=vm; weight=1/2; scur=0/3; qcur=0"
std::string state_report(const state::ProxyState& backend, const state::ServerState& server,
                         const Health& health, std::string_view node);

}  // namespace proxyd::upstream
