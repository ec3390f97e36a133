#include "proxyd/balance/hash_ring.h"

#include <algorithm>

#include "proxyd/rules/hash.h"

namespace proxyd::balance {

namespace {

// Points that a server can have at most (weight 256): where those of the next seed begin.
constexpr std::uint32_t kRange = 256 * 16;

}  // namespace

void HashRing::build(std::span<const Member> members) {
    members_.assign(members.begin(), members.end());
    points_.clear();
    total_ = 0;
    for (std::uint32_t i = 0; i < members_.size(); ++i) {
        total_ += members_[i].points;
        for (std::uint32_t n = 0; std::cmp_less(n, members_[i].points); ++n)
            points_.push_back({rules::avalanche(members_[i].seed * kRange + n), i});
    }
    std::ranges::sort(points_);
}

// `slots`: what all servers together may carry.
bool HashRing::has_room(const Member& member, std::int64_t slots) const {
    const std::int64_t share = std::max<std::int64_t>(1, (slots * member.points + total_ - 1) / total_);
    return member.load->served.load(std::memory_order_relaxed) < share;
}

std::size_t HashRing::nearest(std::uint32_t key, std::size_t avoid, int balance_factor,
                              Affinity affinity) const {
    if (points_.empty()) return kNone;
    std::int64_t slots = 0;
    if (balance_factor > 0) {
        for (const Member& member : members_) slots += member.load->served.load(std::memory_order_relaxed);
        slots = ((slots + 1) * balance_factor + 99) / 100;
    }
    auto next = std::ranges::lower_bound(points_, key, {}, &Point::place);
    if (next == points_.end()) next = points_.begin();
    const auto before = next == points_.begin() ? std::prev(points_.end()) : std::prev(next);
    if (key - before->place <= next->place - key) next = before;
    std::size_t avoided = kNone;
    for (std::size_t looked = 0; looked < points_.size(); ++looked) {
        const Member& member = members_[next->member];
        const bool fits =
            (balance_factor <= 0 || has_room(member, slots)) && !member.load->gives_way(affinity);
        if (fits && member.index != avoid) return member.index;
        if (fits) avoided = member.index;
        if (++next == points_.end()) next = points_.begin();
    }
    return avoided != kNone ? avoided : members_[next->member].index;
}

}  // namespace proxyd::balance
