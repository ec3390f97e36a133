// What the hashing algorithms share: the hash function and the step from a key to a server.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "proxyd/balance/algorithm.h"
#include "proxyd/balance/server_map.h"

namespace proxyd::balance {

std::uint32_t sdbm(std::string_view key);

// hash-type map-based (the default): hash modulo the map. A request without a key is given to the servers in
// turn.
class HashAlgorithm : public Algorithm {
 public:
    void set_roster(std::span<const Member> members) final { map_.build(members); }
    std::size_t choose(const Query& query) final;

 protected:
    virtual std::optional<std::uint32_t> hash(const rules::Context& context) const = 0;

 private:
    ServerMap map_;
};

}  // namespace proxyd::balance
