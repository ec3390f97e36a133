// How keys and servers meet in the hashing algorithms (configuration manual 4.2, hash-type).
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "common/error.h"

namespace proxyd::balance {

std::uint32_t sdbm(std::string_view key);

// hash-preserve-affinity: a key's server gives way to the next one never, when it is full, or when its queue
// is.
enum class Affinity : unsigned char { always, maxconn, maxqueue };

struct HashSettings {
    bool consistent = false;  // a ring of points, else a map of all servers
    std::uint32_t (*function)(std::string_view key) = sdbm;
    bool avalanche = false;  // stir the result
    int balance_factor = 0;  // hash-balance-factor: percent of the average load at most; 0: no limit
    Affinity affinity = Affinity::always;
};

// `map-based|consistent [FUNCTION [avalanche]]`
common::Result<HashSettings> parse_hash_type(std::span<const std::string> words);

// `hash-key`: where a server's points on the ring come from.
enum class HashKey : unsigned char { id, address, address_and_port };

}  // namespace proxyd::balance
