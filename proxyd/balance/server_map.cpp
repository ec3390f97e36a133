#include "proxyd/balance/server_map.h"

#include <numeric>

namespace proxyd::balance {

void ServerMap::build(std::span<const Member> members) {
    members_.assign(members.begin(), members.end());
    slots_.clear();
    std::int64_t common_part = 0;
    for (const Member& member : members_)
        common_part = std::gcd(common_part, std::int64_t{member.configured_weight});
    std::int64_t total = 0;
    for (const Member& member : members_)
        total += member.configured_weight / std::max<std::int64_t>(common_part, 1);

    // In every slot each server saves up its weight and the one that gets the slot pays the total. Who has
    // saved a whole turn comes before who has not; among equals the order of the configuration decides.
    std::vector<std::int64_t> saved(members_.size(), 0);
    for (std::int64_t slot = 0; slot < total; ++slot) {
        std::size_t best = 0;
        std::int64_t best_turns = -1;
        for (std::size_t i = 0; i < members_.size(); ++i) {
            saved[i] += members_[i].configured_weight / common_part;
            const std::int64_t turns = (saved[i] + total) / total;
            if (turns > best_turns) {
                best = i;
                best_turns = turns;
            }
        }
        saved[best] -= total;
        slots_.push_back(static_cast<std::uint32_t>(best));
    }
    if (turn_ >= slots_.size()) turn_ = 0;
}

std::size_t ServerMap::next_in_turn(std::size_t avoid) {
    std::size_t avoided = kNone;
    for (std::size_t looked = 0; looked < slots_.size(); ++looked) {
        const Member& member = (*this)[turn_];
        turn_ = turn_ + 1 == slots_.size() ? 0 : turn_ + 1;
        if (member.load->full()) continue;
        if (member.index != avoid) return member.index;
        avoided = member.index;
    }
    return avoided;
}

std::size_t ServerMap::by_hash(std::uint32_t hash, std::size_t avoid, Affinity affinity) const {
    if (slots_.empty()) return kNone;
    std::size_t avoided = kNone;
    for (std::size_t looked = 0; looked < slots_.size(); ++looked) {
        const Member& member = (*this)[(hash % slots_.size() + looked) % slots_.size()];
        if (member.load->gives_way(affinity)) continue;
        if (member.index != avoid) return member.index;
        avoided = member.index;
    }
    return avoided != kNone ? avoided : (*this)[hash % slots_.size()].index;
}

}  // namespace proxyd::balance
