// VRRP advertisements: version 2 (RFC 3768, 5.1; PASS authentication of RFC 2338, 5.3.6) and version 3 (RFC
// 5798, 5.1). Pure: bytes in, values out. Times are milliseconds: version 2 sends whole seconds, version 3
// hundredths.
#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "vrrpd/packet/address.h"

namespace vrrpd::packet {

inline constexpr std::uint8_t kVrrpProtocol = 112;
inline constexpr std::uint8_t kVrrpTtl = 255;   // and hop limit
inline constexpr std::uint8_t kVrrpTos = 0xc0;  // and traffic class
inline constexpr std::size_t kPasswordSize = 8;
inline constexpr std::size_t kMaxAddresses = 255;

inline constexpr std::uint8_t kPriorityStop = 0;     // "I stop being master"
inline constexpr std::uint8_t kPriorityOwner = 255;  // owns the addresses

enum class AuthType : std::uint8_t { none = 0, pass = 1, ah = 2 };

struct Advert {
    int version = 2;  // 2 or 3
    std::uint8_t vrid = 0;
    std::uint8_t priority = 100;
    std::chrono::milliseconds interval{1000};    // v2: 1-255 s; v3: 10-40950 ms
    std::vector<IpAddress> addresses;            // one family, at most kMaxAddresses
    AuthType auth = AuthType::none;              // v2 only
    std::array<char, kPasswordSize> password{};  // PASS; padded with NULs

    bool operator==(const Advert&) const = default;
};

// Cut to 8 bytes, padded with NULs.
std::array<char, kPasswordSize> make_password(std::string_view text);

// RFC 5798 wants the pseudo header for IPv4 too; RFC 9568 devices and keepalived's v3_checksum_as_v2 leave it
// out. keepalived before 1.3.6 wrote the group into that of unicast adverts. Version 2 never has one, IPv6
// always and with the true destination.
enum class ChecksumStyle : unsigned char { pseudo_header, plain, old_unicast };

// The payload behind the IP header, checksum filled in. `source` and `destination` only enter the pseudo
// header.
std::vector<std::uint8_t> encode(const Advert& advert, const IpAddress& source, const IpAddress& destination,
                                 ChecksumStyle style = ChecksumStyle::pseudo_header);

// What came with the payload from the kernel.
struct Datagram {
    IpAddress source;
    IpAddress destination;
    int ttl = 0;  // or hop limit
    std::span<const std::uint8_t> payload;
};

// Splits what a raw IPv4 socket delivers (header with options, then payload). Fails when the header is cut,
// is no IPv4 header, or announces more bytes than there are. Bytes behind the announced length are dropped.
std::optional<Datagram> split_ipv4(std::span<const std::uint8_t> bytes);

// The VRID, to find the instance; empty when the payload is shorter than a header.
std::optional<std::uint8_t> peek_vrid(std::span<const std::uint8_t> payload);

// What an instance expects of the adverts of its peers.
struct Expectations {
    int version = 2;
    std::uint8_t vrid = 0;
    AuthType auth = AuthType::none;
    std::array<char, kPasswordSize> password{};
    std::chrono::milliseconds interval{1000};  // checked in version 2 only
    std::span<const IpAddress> addresses;      // a difference is reported, not refused
    IpAddress own_source;                      // adverts that carry it are refused
    bool unicast = false;                      // multicast and unicast adverts do not mix
    bool check_ttl = true;                     // TTL 255; unicast: only with min_ttl / max_ttl
    std::uint8_t min_ttl = kVrrpTtl, max_ttl = kVrrpTtl;
    bool old_checksum = true;   // take ChecksumStyle::old_unicast in unicast adverts as well
    bool check_source = false;  // source must be among `peers`
    std::span<const IpAddress> peers;
};

// Why an advert was dropped, in the order of the checks (keepalived's). One counter each.
enum class DropReason : unsigned char {
    too_short,
    ttl,
    version,
    auth_type,
    password,
    interval,  // also an interval of 0, found behind the type
    type,
    length,  // count of addresses and length disagree
    checksum,
    vrid,          // none of ours
    own_source,    // carries our own address: a loop, or another node configured with it
    source_scope,  // IPv6: source is not link-local
    destination,   // multicast where unicast is expected, or the reverse
    source,        // not among the unicast peers
};
inline constexpr std::size_t kDropReasons = 14;

std::string_view name_of(DropReason reason);  // "bad checksum": for counters and log lines

struct Drop {
    DropReason reason;
    int got = 0;  // the offending number, where there is one
    int expected = 0;
};

// "bad TTL 254, expected 255": the sentence behind "VRRP_Instance(NAME) ... from ADDRESS".
std::string describe(const Drop& drop);

struct Received {
    Advert advert;
    bool old_checksum = false;      // ChecksumStyle::old_unicast
    bool addresses_differ = false;  // accepted nonetheless: dropping it would make two masters
};

// Decodes and checks one advert.
std::expected<Received, Drop> receive(const Datagram& datagram, const Expectations& expected);

// Decoding alone: structure and checksum, whatever the version. For tools and tests.
std::expected<Advert, Drop> decode(const Datagram& datagram);

}  // namespace vrrpd::packet
