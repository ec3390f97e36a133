#include "vrrpd/packet/address.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <cstring>

namespace vrrpd::packet {

common::Result<IpAddress> IpAddress::parse(std::string_view text) {
    IpAddress out;
    // inet_pton wants a terminated string; the longest address has 45 characters.
    char buffer[INET6_ADDRSTRLEN];
    if (text.size() < sizeof buffer && text.find('\0') == std::string_view::npos) {
        std::memcpy(buffer, text.data(), text.size());
        buffer[text.size()] = '\0';
        if (inet_pton(AF_INET, buffer, out.bytes_.data()) == 1) return out;
        if (inet_pton(AF_INET6, buffer, out.bytes_.data()) == 1) {
            out.family_ = Family::v6;
            return out;
        }
    }
    return common::fail("'" + std::string(text.substr(0, 64)) + "' is not an IPv4 or IPv6 address",
                        common::Side::config);
}

IpAddress IpAddress::from_bytes(std::span<const std::uint8_t> bytes) {
    IpAddress out;
    out.family_ = bytes.size() == address_size(Family::v4) ? Family::v4 : Family::v6;
    std::ranges::copy(bytes.first(std::min(bytes.size(), out.bytes_.size())), out.bytes_.begin());
    return out;
}

std::string IpAddress::to_string() const {
    char buffer[INET6_ADDRSTRLEN];
    inet_ntop(family_ == Family::v4 ? AF_INET : AF_INET6, bytes_.data(), buffer, sizeof buffer);
    return buffer;
}

bool IpAddress::is_unspecified() const {
    return std::ranges::all_of(bytes(), [](std::uint8_t byte) { return byte == 0; });
}

bool IpAddress::is_multicast() const {
    return family_ == Family::v4 ? (bytes_[0] & 0xf0) == 0xe0 : bytes_[0] == 0xff;
}

bool IpAddress::is_link_local() const {
    if (family_ == Family::v4) return bytes_[0] == 169 && bytes_[1] == 254;
    return bytes_[0] == 0xfe && (bytes_[1] & 0xc0) == 0x80;
}

std::optional<MacAddress> parse_mac(std::string_view text) {
    MacAddress mac{};
    if (text.size() != mac.size() * 3 - 1) return std::nullopt;
    for (std::size_t i = 0; i < mac.size(); ++i) {
        const char* at = text.data() + i * 3;
        const auto [end, error] = std::from_chars(at, at + 2, mac[i], 16);
        if (error != std::errc{} || end != at + 2) return std::nullopt;
        if (i + 1 < mac.size() && *end != ':') return std::nullopt;
    }
    return mac;
}

}  // namespace vrrpd::packet
