#include "proxyd/upstream/address_choice.h"

#include <algorithm>

namespace proxyd::upstream {

bool same_ip(const common::Endpoint& a, const common::Endpoint& b) {
    common::Endpoint other = b;
    if (a.empty() || b.empty() || !a.is_ip() || !b.is_ip()) return a.empty() && b.empty();
    other.set_port(a.port());
    return a == other;
}

std::optional<common::Endpoint> choose_address(std::span<const common::Endpoint> found,
                                               const AddressPreference& preference,
                                               const common::Endpoint& current,
                                               const std::function<bool(const common::Endpoint&)>& taken) {
    std::optional<common::Endpoint> best;
    int best_score = -1;
    for (const common::Endpoint& address : found) {
        const bool used = taken(address);
        if (used && !preference.allow_duplicates) continue;
        const bool wanted = std::ranges::any_of(
            preference.networks, [&](const rules::Network& network) { return network.contains(address); });
        const int score = (address.family() == preference.family ? 8 : 0) + (wanted ? 4 : 0) +
                          (used ? 0 : 2) + (same_ip(address, current) ? 1 : 0);
        if (score <= best_score) continue;
        best_score = score;
        best = address;
    }
    return best;
}

}  // namespace proxyd::upstream
