#include "proxyd/rules/network.h"

#include <charconv>
#include <optional>
#include <string>
#include <vector>

#include "common/text.h"

namespace proxyd::rules {
namespace {

std::optional<unsigned> small_number(std::string_view text, unsigned highest) {
    unsigned value = 0;
    const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (ec != std::errc() || end != text.data() + text.size() || value > highest) return std::nullopt;
    return value;
}

// Dotted numbers of which the zeros before the last may be left out: "10.12" is 10.0.0.12.
bool parse_v4(std::string_view text, std::array<std::uint8_t, 16>& out) {
    const auto fields = common::split(text, '.');
    if (fields.empty() || fields.size() > 4) return false;
    for (std::size_t i = 0; i < fields.size(); ++i) {
        const auto value = small_number(fields[i], 255);
        if (!value) return false;
        out[i + 1 == fields.size() ? 3 : i] = static_cast<std::uint8_t>(*value);
    }
    return true;
}

}  // namespace

bool Network::contains(const std::array<std::uint8_t, 16>& other) const {
    for (std::size_t i = 0; i < width(); ++i)
        if ((other[i] & mask[i]) != address[i]) return false;
    return true;
}

bool Network::contains(const common::Endpoint& endpoint) const {
    Sample sample;
    return sample.set_address(endpoint) && v6 == (sample.type == SampleType::ipv6) &&
           contains(sample.address);
}

std::array<std::uint8_t, 16> Network::last() const {
    auto out = address;
    for (std::size_t i = 0; i < width(); ++i) out[i] = static_cast<std::uint8_t>(address[i] | ~mask[i]);
    return out;
}

bool Network::contiguous() const {
    bool ended = false;
    for (std::size_t bit = 0; bit < width() * 8; ++bit) {
        const bool set = (mask[bit / 8] >> (7 - bit % 8)) & 1;
        if (set && ended) return false;
        ended = ended || !set;
    }
    return true;
}

bool parse_mask(std::string_view text, bool v6, std::array<std::uint8_t, 16>& mask) {
    mask = {};
    if (!v6 && text.find('.') != std::string_view::npos) {
        Sample dotted;
        if (!parse_ip(text, dotted) || dotted.type != SampleType::ipv4) return false;
        mask = dotted.address;
        return true;
    }
    const auto bits = small_number(text, v6 ? 128 : 32);
    if (!bits) return false;
    for (unsigned bit = 0; bit < *bits; ++bit) mask[bit / 8] |= static_cast<std::uint8_t>(0x80U >> (bit % 8));
    return true;
}

common::Result<Network> parse_network(std::string_view text) {
    const auto slash = text.find('/');
    const std::string_view host = text.substr(0, slash);
    Network out;
    out.v6 = host.find(':') != std::string_view::npos;
    if (out.v6) {
        Sample address;
        if (!parse_ip(host, address))
            return common::fail("'" + std::string(text) + "' is not an IPv6 address or network",
                                common::Side::config);
        out.address = address.address;
    } else if (!parse_v4(host, out.address)) {
        return common::fail("'" + std::string(text) + "' is not an IPv4 or IPv6 address or network",
                            common::Side::config);
    }
    const std::string_view mask =
        slash == std::string_view::npos ? (out.v6 ? "128" : "32") : text.substr(slash + 1);
    if (!parse_mask(mask, out.v6, out.mask))
        return common::fail(
            "'" + std::string(mask) + "' in '" + std::string(text) + "' is not a network mask",
            common::Side::config);
    for (std::size_t i = 0; i < out.width(); ++i) out.address[i] &= out.mask[i];
    return out;
}

}  // namespace proxyd::rules
