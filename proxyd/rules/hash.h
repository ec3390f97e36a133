// Short hashes that fetches and converters share.
#pragma once

#include <bit>
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

constexpr std::uint32_t djb2(std::string_view text) {
    std::uint32_t hash = 5381;
    for (char c : text) hash = (hash << 5) + hash + static_cast<unsigned char>(c);
    return hash;
}

// The CRC of RFC 1952.
constexpr std::uint32_t crc32(std::string_view text) {
    std::uint32_t crc = ~0U;
    for (char c : text) {
        crc ^= static_cast<unsigned char>(c);
        for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ ((crc & 1) != 0 ? 0xedb88320U : 0U);
    }
    return ~crc;
}

// Two halves that take turns; each step's result says how far the next one rotates.
constexpr std::uint32_t wt6(std::string_view text) {
    std::uint32_t first = 0xa53c965aU, second = 0x5ca6953aU;
    int turn = 6, other_turn = 18;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        const std::uint32_t mixed = std::rotl(~(second + byte), turn);
        second = std::rotl(~(first ^ byte), other_turn);
        first = mixed;
        const std::uint32_t steps = (first >> 16 ^ second) & 0xffff;
        turn = static_cast<int>(steps & 0x1f);
        other_turn = static_cast<int>(steps >> 11);
    }
    return first ^ second;
}

// A text of digits is its own hash.
constexpr std::uint32_t number_of(std::string_view text) {
    std::uint32_t number = 0;
    for (const char c : text) {
        if (c < '0' || c > '9') break;
        number = number * 10 + static_cast<std::uint32_t>(c - '0');
    }
    return number;
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
