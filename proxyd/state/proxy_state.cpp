#include "proxyd/state/proxy_state.h"

#include <algorithm>

namespace proxyd::state {

int ProxyState::usable_servers(bool backup) const {
    return static_cast<int>(std::ranges::count_if(
        servers, [backup](const auto& server) { return server->backup == backup && server->usable(); }));
}

}  // namespace proxyd::state
