// Which address of a DNS answer a server takes. Pure.
#pragma once

#include <functional>
#include <optional>
#include <span>

#include "proxyd/upstream/resolvers_settings.h"

namespace proxyd::upstream {

// The best of `found`: of the wanted family first, then of a wanted network, then one that no other server of
// its kind has, then the one it has already. Nothing: all are taken by others. Ports do not count.
std::optional<common::Endpoint> choose_address(std::span<const common::Endpoint> found,
                                               const AddressPreference& preference,
                                               const common::Endpoint& current,
                                               const std::function<bool(const common::Endpoint&)>& taken);

bool same_ip(const common::Endpoint& a, const common::Endpoint& b);

}  // namespace proxyd::upstream
