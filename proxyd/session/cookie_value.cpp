#include "proxyd/session/cookie_value.h"

#include <endian.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

#include <cstdio>

namespace proxyd::session {

namespace {

constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr int kDigitCount = 5, kDigitBits = 6;

std::string_view bytes_of(const common::Endpoint& server) {
    if (server.family() == AF_INET)
        return {reinterpret_cast<const char*>(&server.v4().sin_addr), sizeof(in_addr)};
    if (server.family() == AF_INET6)
        return {reinterpret_cast<const char*>(&server.v6().sin6_addr), sizeof(in6_addr)};
    return {};
}

}  // namespace

std::string cookie_date(std::int64_t seconds) {
    const auto steps = static_cast<std::uint64_t>(seconds) >> 2;
    std::string text;
    for (int digit = kDigitCount - 1; digit >= 0; --digit)
        text += kDigits[(steps >> (digit * kDigitBits)) & 63];
    return text;
}

std::int64_t read_cookie_date(std::string_view text) {
    if (text.size() < kDigitCount) return 0;
    std::int64_t steps = 0;
    for (const char c : text.substr(0, kDigitCount)) {
        const std::size_t digit = kDigits.find(c);
        if (digit == std::string_view::npos) return 0;
        steps = steps << kDigitBits | static_cast<std::int64_t>(digit);
    }
    return steps << 2;
}

std::string dynamic_cookie(std::string_view key, const common::Endpoint& server) {
    const std::string_view address = bytes_of(server);
    if (address.empty()) return {};
    const std::uint32_t port = htobe32(server.port());
    std::string text(key);
    text += address;
    text.append(reinterpret_cast<const char*>(&port), sizeof port);
    char digits[17];
    (void)std::snprintf(digits, sizeof digits, "%016llx",
                        static_cast<unsigned long long>(XXH64(text.data(), text.size(), 0)));
    return digits;
}

}  // namespace proxyd::session
