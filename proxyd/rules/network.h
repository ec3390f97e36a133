// An IPv4 or IPv6 address with a mask, in the notations of the configuration manual 7.1.6.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "common/error.h"
#include "proxyd/rules/sample.h"

namespace proxyd::rules {

struct Network {
    bool v6 = false;
    std::array<std::uint8_t, 16> address{};  // masked; IPv4 in the first four bytes
    std::array<std::uint8_t, 16> mask{};

    std::size_t width() const { return v6 ? 16 : 4; }
    bool contains(const std::array<std::uint8_t, 16>& other) const;  // of the same family
    bool contains(const common::Endpoint& endpoint) const;           // of any
    std::array<std::uint8_t, 16> last() const;                       // highest address
    bool contiguous() const;                                         // the mask is a prefix length
};

// "192.168.0.1", "192.168.1" (= 192.168.0.1), "10.0.0.0/8", "10.0.0.0/255.0.0.0", "2001:db8::/32".
common::Result<Network> parse_network(std::string_view text);

// "24", "255.255.255.0" for IPv4; "64" for IPv6. False when it is no mask of that family.
bool parse_mask(std::string_view text, bool v6, std::array<std::uint8_t, 16>& mask);

}  // namespace proxyd::rules
