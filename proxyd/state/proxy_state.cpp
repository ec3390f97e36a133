#include "proxyd/state/proxy_state.h"

#include <algorithm>

namespace proxyd::state {

int ProxyState::usable_servers(bool backup) const {
    return static_cast<int>(std::ranges::count_if(
        servers, [backup](const auto& server) { return server->backup == backup && server->usable(); }));
}

DynamicCookie ProxyState::dynamic_cookie() const {
    const std::lock_guard lock(mutex_);
    return dynamic_cookie_;
}

void ProxyState::set_dynamic_cookie(DynamicCookie cookie) {
    const std::lock_guard lock(mutex_);
    dynamic_cookie_ = std::move(cookie);
    has_dynamic_cookie.store(true, std::memory_order_relaxed);
}

}  // namespace proxyd::state
