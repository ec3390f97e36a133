#include "vrrpd/packet/arp.h"

#include <catch2/catch.hpp>

#include "vrrpd/packet/checksum.h"

using namespace vrrpd::packet;

namespace {
constexpr MacAddress kMac{0x02, 0x00, 0x00, 0x00, 0x00, 0x01};
}

TEST_CASE("gratuitous ARP, byte for byte") {
    const auto frame = gratuitous_arp(kMac, IpAddress::parse("192.168.36.100").value());
    const std::array<std::uint8_t, kArpFrameSize> expected{
        0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2,   0,   0,  0,   0, 1, 0x08, 0x06,  // Ethernet
        0,    1,    0x08, 0x00, 6,    4,    0,   1,                               // request
        2,    0,    0,    0,    0,    1,    192, 168, 36, 100,                    // sender
        0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 192, 168, 36, 100};                   // target
    CHECK(frame == expected);
}

TEST_CASE("unsolicited neighbour advertisement") {
    const IpAddress address = IpAddress::parse("2001:db8::100").value();
    const auto frame = unsolicited_neighbour_advert(kMac, address, false);
    REQUIRE(frame.size() == 14 + 40 + 32);
    const std::span<const std::uint8_t> bytes(frame);
    CHECK(bytes[0] == 0x33);
    CHECK((bytes[12] == 0x86 && bytes[13] == 0xdd));
    const auto ip = bytes.subspan(14, 40), icmp = bytes.subspan(54);
    CHECK(ip[0] == 0x60);
    CHECK(ip[5] == 32);
    CHECK(ip[6] == 58);
    CHECK(ip[7] == 255);
    CHECK(IpAddress::from_bytes(ip.subspan(8, 16)) == address);
    CHECK(IpAddress::from_bytes(ip.subspan(24, 16)).to_string() == "ff02::1");
    CHECK(icmp[0] == 136);
    CHECK(icmp[4] == 0x20);
    CHECK(IpAddress::from_bytes(icmp.subspan(8, 16)) == address);
    CHECK((icmp[24] == 2 && icmp[25] == 1));
    CHECK(std::ranges::equal(icmp.subspan(26, 6), kMac));
    const auto sum =
        Checksum().add_pseudo_header(address, IpAddress::parse("ff02::1").value(), 32, 58).add(icmp);
    CHECK(sum.value() == 0);
    CHECK(unsolicited_neighbour_advert(kMac, address, true)[14 + 40 + 4] == 0xa0);
}

TEST_CASE("virtual MAC addresses") {
    CHECK(virtual_mac(Family::v4, 51) == MacAddress{0, 0, 0x5e, 0, 1, 51});
    CHECK(virtual_mac(Family::v6, 51) == MacAddress{0, 0, 0x5e, 0, 2, 51});
}
