#include "vrrpd/config/list_entries.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "common/text.h"
#include "vrrpd/config/iproute_names.h"

namespace vrrpd::config {

using packet::Family;
using packet::IpAddress;

IpAddress unspecified(Family family) {
    const std::array<std::uint8_t, 16> zero{};
    return IpAddress::from_bytes(std::span(zero).first(packet::address_size(family)));
}

std::optional<Prefix> parse_prefix(std::string_view text) {
    const auto slash = text.find('/');
    const auto address = IpAddress::parse(text.substr(0, slash));
    if (!address) return std::nullopt;
    const auto given = address->bytes();
    const auto bits = static_cast<std::int64_t>(given.size() * 8);
    std::int64_t length = bits;
    if (slash != std::string_view::npos) {
        const auto number = common::parse_number(text.substr(slash + 1), 0, bits);
        if (!number) return std::nullopt;
        length = *number;
    }
    std::array<std::uint8_t, 16> bytes{};
    std::ranges::copy(given, bytes.begin());
    for (std::int64_t bit = length; bit < bits; ++bit)
        bytes[static_cast<std::size_t>(bit / 8)] &= static_cast<std::uint8_t>(~(0x80 >> (bit % 8)));
    return Prefix{IpAddress::from_bytes(std::span(bytes).first(given.size())),
                  static_cast<std::uint8_t>(length)};
}

std::optional<std::uint32_t> parse_realms(std::string_view text) {
    const auto slash = text.find('/');
    const auto to = named_number(NameKind::realm,
                                 slash == std::string_view::npos ? text : text.substr(slash + 1), 0xffff);
    if (!to) return std::nullopt;
    if (slash == std::string_view::npos) return to;
    const auto from = named_number(NameKind::realm, text.substr(0, slash), 0xffff);
    if (!from) return std::nullopt;
    return *from << 16 | *to;
}

std::optional<double> decimal(std::string_view text) {
    double value = 0;
    const auto [end, error] =
        std::from_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed);
    if (error != std::errc{} || end != text.data() + text.size() || !(value >= 0)) return std::nullopt;
    return value;
}

std::string text_of(const Statement& statement) {
    std::string text;
    for (const Word& word : statement.words) text += (text.empty() ? "" : " ") + word.text;
    return text;
}

}  // namespace vrrpd::config
