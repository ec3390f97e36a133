// Layout, both versions:
//   0  version << 4 | type (1)     1  VRID      2  priority     3  count of addresses
//   v2: 4  auth type               5  interval in seconds
//   v3: 4  interval, 12 bits, in centiseconds
//   6  checksum                    8  addresses                 v2: then 8 bytes of authentication data
#include "vrrpd/packet/advert.h"

#include <algorithm>

#include "vrrpd/packet/checksum.h"

namespace vrrpd::packet {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t kHeaderSize = 8;
constexpr std::uint8_t kTypeAdvertisement = 1;
constexpr int kMaxCentiseconds = 0xfff;

std::size_t message_size(int version, Family family, std::size_t addresses) {
    return kHeaderSize + addresses * address_size(family) + (version == 2 ? kPasswordSize : 0);
}

bool has_pseudo_header(int version, Family family, ChecksumStyle style) {
    return version == 3 && (family == Family::v6 || style != ChecksumStyle::plain);
}

// What keepalived before 1.3.6 had in the pseudo header of unicast adverts.
const IpAddress kOldUnicastGroup = IpAddress::from_bytes(std::array<std::uint8_t, 4>{224, 0, 0, 18});

std::uint16_t checksum(std::span<const std::uint8_t> message, const IpAddress& source,
                       const IpAddress& destination, bool pseudo_header) {
    Checksum sum;
    if (pseudo_header) {
        sum.add_pseudo_header(source, destination, static_cast<std::uint32_t>(message.size()), kVrrpProtocol);
    }
    return sum.add(message).value();
}

// Which of the checksums in use it carries; none: it is damaged. Version 2 never has a pseudo header, IPv6
// always one; for IPv4 version 3 all forms are in use.
std::optional<ChecksumStyle> checksum_style(const Datagram& datagram, int version, bool old_unicast) {
    const bool v6 = datagram.source.family() == Family::v6;
    const auto holds = [&](const IpAddress& destination, bool pseudo_header) {
        return checksum(datagram.payload, datagram.source, destination, pseudo_header) == 0;
    };
    if ((version == 2 || !v6) && holds(datagram.destination, false)) return ChecksumStyle::plain;
    if (version != 3) return std::nullopt;
    if (holds(datagram.destination, true)) return ChecksumStyle::pseudo_header;
    if (old_unicast && !v6 && !datagram.destination.is_multicast() && holds(kOldUnicastGroup, true))
        return ChecksumStyle::old_unicast;
    return std::nullopt;
}

// The checks in keepalived's order; `expected` is empty for decoding alone.
std::expected<Received, Drop> parse(const Datagram& datagram, const Expectations* expected) {
    const std::span<const std::uint8_t> bytes = datagram.payload;
    const auto drop = [](DropReason reason, int got = 0, int wanted = 0) {
        return std::unexpected(Drop{reason, got, wanted});
    };
    if (bytes.size() < kHeaderSize) {
        return drop(DropReason::too_short, static_cast<int>(bytes.size()), kHeaderSize);
    }
    if (expected && expected->check_ttl &&
        (datagram.ttl < expected->min_ttl || datagram.ttl > expected->max_ttl)) {
        return drop(DropReason::ttl, datagram.ttl,
                    datagram.ttl < expected->min_ttl ? expected->min_ttl : expected->max_ttl);
    }

    Received received;
    Advert& advert = received.advert;
    const Family family = datagram.source.family();
    advert.version = bytes[0] >> 4;
    const bool known_version = advert.version == 3 || (advert.version == 2 && family == Family::v4);
    if (!known_version || (expected && advert.version != expected->version)) {
        return drop(DropReason::version, advert.version, expected ? expected->version : 3);
    }
    advert.vrid = bytes[1];
    advert.priority = bytes[2];
    const std::size_t count = bytes[3];
    if (advert.version == 2) {
        advert.auth = static_cast<AuthType>(bytes[4]);
        advert.interval = std::chrono::seconds(bytes[5]);
    } else {
        advert.interval = milliseconds(((bytes[4] & 0x0f) << 8 | bytes[5]) * 10);
    }
    const std::size_t size = message_size(advert.version, family, count);
    if (expected && advert.version == 2) {
        if (advert.auth != expected->auth) {
            return drop(DropReason::auth_type, bytes[4], static_cast<int>(expected->auth));
        }
        if (advert.auth == AuthType::pass && bytes.size() >= kHeaderSize + kPasswordSize) {
            const auto tail = bytes.last(kPasswordSize);
            if (!std::equal(tail.begin(), tail.end(), expected->password.begin(),
                            [](std::uint8_t a, char b) { return a == static_cast<std::uint8_t>(b); })) {
                return drop(DropReason::password);
            }
        }
        if (advert.interval != expected->interval) {
            return drop(DropReason::interval, bytes[5],
                        static_cast<int>(expected->interval / std::chrono::seconds(1)));
        }
    }
    if ((bytes[0] & 0x0f) != kTypeAdvertisement) {
        return drop(DropReason::type, bytes[0] & 0x0f, kTypeAdvertisement);
    }
    // An interval of 0, adopted from the master, would make a backup wait for nothing.
    if (advert.interval == milliseconds(0)) return drop(DropReason::interval, 0, 1);
    if (bytes.size() != size) {
        return drop(DropReason::length, static_cast<int>(bytes.size()), static_cast<int>(size));
    }
    const auto style = checksum_style(datagram, advert.version, expected && expected->old_checksum);
    if (!style) return drop(DropReason::checksum);
    received.old_checksum = *style == ChecksumStyle::old_unicast;

    advert.addresses.reserve(count);
    for (std::size_t i = 0; i < count; ++i) {
        advert.addresses.push_back(IpAddress::from_bytes(
            bytes.subspan(kHeaderSize + i * address_size(family), address_size(family))));
    }
    if (advert.version == 2) std::copy_n(bytes.end() - kPasswordSize, kPasswordSize, advert.password.begin());
    return received;
}

std::optional<Drop> check_path(const Datagram& datagram, const Advert& advert, const Expectations& expected) {
    if (advert.vrid != expected.vrid) return Drop{DropReason::vrid, advert.vrid, expected.vrid};
    if (datagram.source == expected.own_source) return Drop{DropReason::own_source};
    if (datagram.source.family() == Family::v6 && !expected.unicast && !datagram.source.is_link_local()) {
        return Drop{DropReason::source_scope};
    }
    if (datagram.destination.is_multicast() == expected.unicast) return Drop{DropReason::destination};
    if (expected.check_source && std::ranges::find(expected.peers, datagram.source) == expected.peers.end()) {
        return Drop{DropReason::source};
    }
    return std::nullopt;
}

// Peers may list the same addresses in another order.
bool same_addresses(std::span<const IpAddress> ours, std::vector<IpAddress> theirs) {
    if (ours.size() != theirs.size()) return false;
    if (std::ranges::equal(ours, theirs)) return true;
    std::vector<IpAddress> sorted(ours.begin(), ours.end());
    std::ranges::sort(sorted);
    std::ranges::sort(theirs);
    return sorted == theirs;
}

struct ReasonRow {
    DropReason reason;
    std::string_view name;
    std::string_view sentence;  // "%g" the number received, "%e" the one expected
};

constexpr ReasonRow kReasons[] = {
    {DropReason::too_short, "too short", "advert of %g bytes, shorter than a header of %e"},
    {DropReason::ttl, "bad TTL", "bad TTL %g, expected %e: it came through a router"},
    {DropReason::version, "bad version", "VRRP version %g, expected %e"},
    {DropReason::auth_type, "authentication type", "authentication type %g, ours is %e"},
    {DropReason::password, "wrong password", "wrong password"},
    {DropReason::interval, "advert interval", "advert interval of %g s, ours is %e s"},
    {DropReason::type, "bad type", "packet type %g is no advertisement"},
    {DropReason::length, "bad length", "%g bytes, its count of addresses needs %e"},
    {DropReason::checksum, "bad checksum", "bad checksum"},
    {DropReason::vrid, "unknown VRID", "VRID %g, expected %e"},
    {DropReason::own_source, "own source address",
     "advert from our own address: a loop, or another node uses it as source"},
    {DropReason::source_scope, "source not link-local", "IPv6 source address is not link-local"},
    {DropReason::destination, "unicast or multicast", "sent by the wrong one of unicast and multicast"},
    {DropReason::source, "not a peer", "source is not among the unicast peers"},
};
static_assert(std::size(kReasons) == kDropReasons);
static_assert(
    [] {
        for (std::size_t i = 0; i < kDropReasons; ++i) {
            if (kReasons[i].reason != static_cast<DropReason>(i)) return false;
        }
        return true;
    }(),
    "row_of() finds a row by its number");

const ReasonRow& row_of(DropReason reason) {
    return kReasons[static_cast<std::size_t>(reason)];
}

void replace(std::string& text, std::string_view mark, int number) {
    const auto at = text.find(mark);
    if (at != std::string::npos) text.replace(at, mark.size(), std::to_string(number));
}

}  // namespace

std::array<char, kPasswordSize> make_password(std::string_view text) {
    std::array<char, kPasswordSize> out{};
    std::ranges::copy(text.substr(0, kPasswordSize), out.begin());
    return out;
}

std::vector<std::uint8_t> encode(const Advert& advert, const IpAddress& source, const IpAddress& destination,
                                 ChecksumStyle style) {
    const Family family = source.family();
    const std::size_t count = std::min(advert.addresses.size(), kMaxAddresses);
    std::vector<std::uint8_t> out;
    out.reserve(message_size(advert.version, family, count));
    out.push_back(static_cast<std::uint8_t>(advert.version << 4 | kTypeAdvertisement));
    out.push_back(advert.vrid);
    out.push_back(advert.priority);
    out.push_back(static_cast<std::uint8_t>(count));
    if (advert.version == 2) {
        out.push_back(static_cast<std::uint8_t>(advert.auth));
        out.push_back(static_cast<std::uint8_t>(
            std::clamp<std::int64_t>(advert.interval / std::chrono::seconds(1), 1, 255)));
    } else {
        const auto centis = std::clamp<std::int64_t>(advert.interval / milliseconds(10), 1, kMaxCentiseconds);
        out.push_back(static_cast<std::uint8_t>(centis >> 8));
        out.push_back(static_cast<std::uint8_t>(centis & 0xff));
    }
    out.insert(out.end(), 2, 0);
    for (std::size_t i = 0; i < count; ++i) {
        const auto bytes = advert.addresses[i].bytes();
        out.insert(out.end(), bytes.begin(), bytes.end());
    }
    if (advert.version == 2) out.insert(out.end(), advert.password.begin(), advert.password.end());

    const bool old = style == ChecksumStyle::old_unicast && family == Family::v4;
    const std::uint16_t sum = checksum(out, source, old ? kOldUnicastGroup : destination,
                                       has_pseudo_header(advert.version, family, style));
    out[6] = static_cast<std::uint8_t>(sum >> 8);
    out[7] = static_cast<std::uint8_t>(sum & 0xff);
    return out;
}

std::optional<Datagram> split_ipv4(std::span<const std::uint8_t> bytes) {
    constexpr std::size_t kMinHeader = 20;
    if (bytes.size() < kMinHeader || bytes[0] >> 4 != 4) return std::nullopt;
    const std::size_t header = static_cast<std::size_t>(bytes[0] & 0x0f) * 4;
    const std::size_t total = static_cast<std::size_t>(bytes[2] << 8 | bytes[3]);
    if (header < kMinHeader || total < header || total > bytes.size()) return std::nullopt;
    return Datagram{IpAddress::from_bytes(bytes.subspan(12, 4)), IpAddress::from_bytes(bytes.subspan(16, 4)),
                    bytes[8], bytes.subspan(header, total - header)};
}

std::optional<std::uint8_t> peek_vrid(std::span<const std::uint8_t> payload) {
    if (payload.size() < kHeaderSize) return std::nullopt;
    return payload[1];
}

std::string_view name_of(DropReason reason) {
    return row_of(reason).name;
}

std::string describe(const Drop& drop) {
    std::string text(row_of(drop.reason).sentence);
    replace(text, "%g", drop.got);
    replace(text, "%e", drop.expected);
    return text;
}

std::expected<Advert, Drop> decode(const Datagram& datagram) {
    std::expected<Received, Drop> received = parse(datagram, nullptr);
    if (!received) return std::unexpected(received.error());
    return std::move(received->advert);
}

std::expected<Received, Drop> receive(const Datagram& datagram, const Expectations& expected) {
    std::expected<Received, Drop> received = parse(datagram, &expected);
    if (!received) return received;
    if (const std::optional<Drop> drop = check_path(datagram, received->advert, expected))
        return std::unexpected(*drop);
    received->addresses_differ = !same_addresses(expected.addresses, received->advert.addresses);
    return received;
}

}  // namespace vrrpd::packet
