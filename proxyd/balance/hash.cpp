#include "proxyd/balance/hash.h"

namespace proxyd::balance {

std::uint32_t sdbm(std::string_view key) {
    std::uint32_t hash = 0;
    for (const char c : key) hash = static_cast<unsigned char>(c) + (hash << 6) + (hash << 16) - hash;
    return hash;
}

std::size_t HashAlgorithm::choose(const Query& query) {
    if (map_.empty()) return kNone;
    const std::optional<std::uint32_t> key = query.context != nullptr ? hash(*query.context) : std::nullopt;
    return key ? map_.by_hash(*key, query.avoid) : map_.next_in_turn(query.avoid);
}

}  // namespace proxyd::balance
