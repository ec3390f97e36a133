#include "vrrpd/packet/arp.h"

#include <algorithm>

#include "vrrpd/packet/checksum.h"

namespace vrrpd::packet {
namespace {

constexpr std::uint8_t kIcmpV6 = 58;
constexpr std::uint8_t kHopLimit = 255;  // anything less is ignored (RFC 4861, 7.1.2)
constexpr std::uint8_t kNeighbourAdvert = 136;
constexpr std::uint8_t kFlagRouter = 0x80;
constexpr std::uint8_t kFlagOverride = 0x20;
constexpr std::uint8_t kOptionTargetLinkLayer = 2;

class Writer {
 public:
    explicit Writer(std::span<std::uint8_t> out) : out_(out) {}
    Writer& bytes(std::span<const std::uint8_t> from) {
        std::ranges::copy(from, out_.begin());
        out_ = out_.subspan(from.size());
        return *this;
    }
    Writer& u8(unsigned value) {
        out_[0] = static_cast<std::uint8_t>(value);
        out_ = out_.subspan(1);
        return *this;
    }
    Writer& u16(unsigned value) { return u8(value >> 8).u8(value & 0xff); }
    Writer& u32(unsigned value) { return u16(value >> 16).u16(value & 0xffff); }

 private:
    std::span<std::uint8_t> out_;
};

}  // namespace

std::array<std::uint8_t, kArpFrameSize> gratuitous_arp(const MacAddress& mac, const IpAddress& address) {
    std::array<std::uint8_t, kArpFrameSize> frame{};
    Writer(frame)
        .bytes(kBroadcastMac)
        .bytes(mac)
        .u16(0x0806)
        .u16(1)       // hardware: Ethernet
        .u16(0x0800)  // protocol: IPv4
        .u8(6)
        .u8(4)
        .u16(1)  // request
        .bytes(mac)
        .bytes(address.bytes())
        .bytes(kBroadcastMac)
        .bytes(address.bytes());
    return frame;
}

std::vector<std::uint8_t> unsolicited_neighbour_advert(const MacAddress& mac, const IpAddress& address,
                                                       bool router) {
    constexpr std::size_t kEthernet = 14, kIpV6 = 40, kIcmp = 32;
    static constexpr std::array<std::uint8_t, 16> kAllNodes{0xff, 0x02, 0, 0, 0, 0, 0, 0,
                                                            0,    0,    0, 0, 0, 0, 0, 1};
    static constexpr MacAddress kAllNodesMac{0x33, 0x33, 0, 0, 0, 1};

    std::vector<std::uint8_t> frame(kEthernet + kIpV6 + kIcmp);
    Writer(frame)
        .bytes(kAllNodesMac)
        .bytes(mac)
        .u16(0x86dd)
        .u32(0x60000000)
        .u16(kIcmp)
        .u8(kIcmpV6)
        .u8(kHopLimit)
        .bytes(address.bytes())
        .bytes(kAllNodes)
        .u8(kNeighbourAdvert)
        .u8(0)
        .u16(0)
        .u32((kFlagOverride | (router ? kFlagRouter : 0u)) << 24)
        .bytes(address.bytes())
        .u8(kOptionTargetLinkLayer)
        .u8(1)
        .bytes(mac);

    const std::span<const std::uint8_t> icmp = std::span(frame).subspan(kEthernet + kIpV6);
    const std::uint16_t sum =
        Checksum()
            .add_pseudo_header(address, IpAddress::from_bytes(kAllNodes), kIcmp, kIcmpV6)
            .add(icmp)
            .value();
    Writer(std::span(frame).subspan(kEthernet + kIpV6 + 2)).u16(sum);
    return frame;
}

}  // namespace vrrpd::packet
