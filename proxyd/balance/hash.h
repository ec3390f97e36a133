// What the hashing algorithms share: the way from a key to a server.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "proxyd/balance/algorithm.h"
#include "proxyd/balance/hash_ring.h"
#include "proxyd/balance/server_map.h"

namespace proxyd::balance {

// hash-type map-based (the default): hash modulo the map. consistent: the nearest point on a ring, so that a
// server that leaves takes only its own keys along. A request without a key is given to the servers in turn.
class HashAlgorithm : public Algorithm {
 public:
    void set_hash(const HashSettings& settings) final { settings_ = settings; }
    void set_roster(std::span<const Member> members) final;
    std::size_t choose(const Query& query) final;

 protected:
    virtual std::optional<std::uint32_t> hash(const rules::Context& context) const = 0;
    std::uint32_t hash_of(std::string_view key) const { return settings_.function(key); }

 private:
    HashSettings settings_;
    ServerMap map_;
    HashRing ring_;
};

}  // namespace proxyd::balance
