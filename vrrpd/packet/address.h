// Addresses as VRRP needs them: values that compare in network byte order, with no socket attached.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "common/error.h"

namespace vrrpd::packet {

enum class Family : unsigned char { v4, v6 };

constexpr std::size_t address_size(Family family) {
    return family == Family::v4 ? 4 : 16;
}

class IpAddress {
 public:
    constexpr IpAddress() = default;  // 0.0.0.0

    // "192.0.2.1" or "2001:db8::1"; no prefix, no zone, no name.
    static common::Result<IpAddress> parse(std::string_view text);
    // Exactly 4 or 16 bytes in network order; the size gives the family.
    static IpAddress from_bytes(std::span<const std::uint8_t> bytes);

    Family family() const { return family_; }
    std::span<const std::uint8_t> bytes() const { return {bytes_.data(), address_size(family_)}; }
    std::string to_string() const;

    bool is_unspecified() const;
    bool is_multicast() const;
    bool is_link_local() const;  // 169.254/16, fe80::/10

    // IPv4 before IPv6; within a family the order that decides between masters of equal priority.
    friend auto operator<=>(const IpAddress&, const IpAddress&) = default;

 private:
    Family family_ = Family::v4;
    std::array<std::uint8_t, 16> bytes_{};  // unused tail is zero
};

using MacAddress = std::array<std::uint8_t, 6>;

inline constexpr MacAddress kBroadcastMac{0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

// 00:00:5e:00:01:VRID for IPv4, 00:00:5e:00:02:VRID for IPv6 (RFC 5798, 7.3).
constexpr MacAddress virtual_mac(Family family, std::uint8_t vrid) {
    return {0x00, 0x00, 0x5e, 0x00, static_cast<std::uint8_t>(family == Family::v4 ? 1 : 2), vrid};
}

// Six pairs of hexadecimal digits with colons between them.
std::optional<MacAddress> parse_mac(std::string_view text);

}  // namespace vrrpd::packet
