// Short hashes that fetches and converters share.
#pragma once

#include <cstdint>
#include <string_view>

namespace proxyd::rules {

// Bob Jenkins' 32-bit integer hash and a final multiplication: HAProxy's "full avalanche".
constexpr std::uint32_t avalanche(std::uint32_t a) {
    a = (a + 0x7ed55d16U) + (a << 12);
    a = (a ^ 0xc761c23cU) ^ (a >> 19);
    a = (a + 0x165667b1U) + (a << 5);
    a = (a + 0xd3a2646cU) ^ (a << 9);
    a = (a + 0xfd7046c5U) + (a << 3);
    a = (a ^ 0xb55a4f09U) ^ (a >> 16);
    return a * 3221225473U;
}

// `hash`: of what came before, to hash a text in pieces.
constexpr std::uint32_t sdbm(std::string_view text, std::uint32_t hash = 0) {
    for (char c : text) hash = static_cast<unsigned char>(c) + (hash << 6) + (hash << 16) - hash;
    return hash;
}

// The CRC of RFC 3309 and RFC 3720 appendix B.4.
constexpr std::uint32_t crc32c(std::string_view text) {
    std::uint32_t crc = ~0U;
    for (const char c : text) {
        crc ^= static_cast<unsigned char>(c);
        for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ ((crc & 1) != 0 ? 0x82f63b78U : 0U);
    }
    return ~crc;
}

}  // namespace proxyd::rules
