// hash-type consistent: every server has points on a ring of 32 bits, a key belongs to the nearest one.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "proxyd/balance/algorithm.h"

namespace proxyd::balance {

class HashRing {
 public:
    void build(std::span<const Member> members);
    // The server whose point is nearest to the key; `avoid`, with a factor servers that already carry more
    // than so many percent of their share, and those that give way are passed over if there is any other.
    // kNone: the ring is empty.
    std::size_t nearest(std::uint32_t key, std::size_t avoid, int balance_factor,
                        Affinity affinity = Affinity::always) const;

 private:
    struct Point {
        std::uint32_t place;
        std::uint32_t member;
        auto operator<=>(const Point&) const = default;
    };
    bool has_room(const Member& member, std::int64_t slots) const;

    std::vector<Member> members_;
    std::vector<Point> points_;  // in order
    std::int64_t total_ = 0;     // points
};

}  // namespace proxyd::balance
