// Makes the run-time state of a backend's servers from its settings.
#pragma once

#include "proxyd/state/proxy_state.h"
#include "proxyd/upstream/settings.h"

namespace proxyd::upstream {

// Appends one ServerState per server line. A server with a check starts up and unproven; one without an
// address (its name did not resolve) starts down; `disabled` starts in maintenance.
void create_servers(const BackendSettings& settings, state::ProxyState& state, int workers);

}  // namespace proxyd::upstream
