// The precomputed sequence of servers behind static-rr and the hashes: each server as often as its weight
// says (divided by what all weights have in common), spread as evenly as whole turns allow.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "proxyd/balance/algorithm.h"

namespace proxyd::balance {

class ServerMap {
 public:
    void build(std::span<const Member> members);
    bool empty() const { return slots_.empty(); }
    std::size_t size() const { return slots_.size(); }
    const Member& operator[](std::size_t slot) const { return members_[slots_[slot]]; }

    // The next server in turn that is not full; kNone when all are.
    std::size_t next_in_turn(std::size_t avoid);
    // The server that a hash means, full or not; one that gives way, or is to be avoided, is passed over if
    // there is any other.
    std::size_t by_hash(std::uint32_t hash, std::size_t avoid, Affinity affinity) const;

 private:
    std::vector<Member> members_;
    std::vector<std::uint32_t> slots_;
    std::size_t turn_ = 0;
};

}  // namespace proxyd::balance
