// Bytes of keepalived 2.2.7 as captured, RFC layouts, and every input that must be refused.
#include "vrrpd/packet/advert.h"

#include <catch2/catch.hpp>

#include "vrrpd/packet/checksum.h"

using namespace vrrpd::packet;
using namespace std::chrono_literals;

namespace {

std::vector<std::uint8_t> hex(std::string_view text) {
    std::vector<std::uint8_t> out;
    std::string digits;
    for (const char c : text) {
        if (c != ' ') digits += c;
    }
    for (std::size_t i = 0; i + 1 < digits.size(); i += 2) {
        out.push_back(static_cast<std::uint8_t>(std::stoi(digits.substr(i, 2), nullptr, 16)));
    }
    return out;
}

IpAddress ip(std::string_view text) {
    return IpAddress::parse(text).value();
}

const IpAddress kMaster = ip("192.168.36.129");
const IpAddress kBackup = ip("192.168.36.154");
const IpAddress kVip = ip("192.168.36.100");
const IpAddress kGroup = ip("224.0.0.18");

// What keepalived 2.2.7 sends with the tutorial's file.
const std::vector<std::uint8_t> kTutorial = hex("21336701 01012f5b c0a82464 31313131 00000000");

Advert tutorial_advert() {
    return {2, 51, 103, 1s, {kVip}, AuthType::pass, make_password("1111")};
}

Expectations tutorial_expectations() {
    static const std::vector<IpAddress> addresses{kVip};
    Expectations out;
    out.vrid = 51;
    out.auth = AuthType::pass;
    out.password = make_password("1111");
    out.addresses = addresses;
    out.own_source = kBackup;
    return out;
}

Datagram from_master(const std::vector<std::uint8_t>& payload) {
    return {kMaster, kGroup, 255, payload};
}

// Puts a right checksum over altered bytes, so that the check behind it is the one that speaks.
std::vector<std::uint8_t> altered(std::size_t at, std::uint8_t value) {
    std::vector<std::uint8_t> bytes = kTutorial;
    bytes[at] = value;
    bytes[6] = bytes[7] = 0;
    const std::uint16_t sum = Checksum().add(bytes).value();
    bytes[6] = static_cast<std::uint8_t>(sum >> 8);
    bytes[7] = static_cast<std::uint8_t>(sum);
    return bytes;
}

std::optional<DropReason> reason_of(const Datagram& datagram, const Expectations& expected) {
    const auto got = receive(datagram, expected);
    return got ? std::nullopt : std::optional(got.error().reason);
}

}  // namespace

TEST_CASE("version 2 with PASS is the bytes keepalived sends") {
    CHECK(encode(tutorial_advert(), kMaster, kGroup) == kTutorial);
    const auto got = receive(from_master(kTutorial), tutorial_expectations());
    REQUIRE(got);
    CHECK(got->advert == tutorial_advert());
    CHECK_FALSE(got->addresses_differ);
}

TEST_CASE("version 3 over IPv4 is the bytes keepalived sends, and accepted with either checksum") {
    const Advert advert{3, 51, 100, 1s, {kVip}, AuthType::none, {}};
    const auto sent = encode(advert, kMaster, kGroup);
    const auto plain = encode(advert, kMaster, kGroup, ChecksumStyle::plain);
    CHECK(plain != sent);
    CHECK(std::span(sent).first(6).size() == 6);
    // The captured packet came from one of the two nodes: its checksum covers the pseudo header.
    const auto captured = hex("31336401 0064bfa1 c0a82464");
    CHECK((sent == captured || encode(advert, kBackup, kGroup) == captured));
    CHECK(decode(from_master(sent)).value() == advert);
    CHECK(decode(from_master(plain)).value() == advert);
}

TEST_CASE("the unicast checksum of keepalived before 1.3.6 has the group in its pseudo header") {
    Advert advert;
    advert.version = 3;
    advert.vrid = 51;
    advert.addresses = {kVip};
    const auto sent = encode(advert, kMaster, kBackup, ChecksumStyle::old_unicast);
    CHECK(sent == encode(advert, kMaster, kGroup));
    CHECK(sent != encode(advert, kMaster, kBackup));

    Expectations expected;
    expected.version = 3;
    expected.vrid = 51;
    expected.unicast = true;
    expected.addresses = advert.addresses;
    const auto got = receive({kMaster, kBackup, 255, sent}, expected);
    REQUIRE(got.has_value());
    CHECK(got->old_checksum);
    CHECK_FALSE(receive({kMaster, kBackup, 255, encode(advert, kMaster, kBackup)}, expected)->old_checksum);
    expected.old_checksum = false;  // `never`
    CHECK(receive({kMaster, kBackup, 255, sent}, expected).error().reason == DropReason::checksum);
}

TEST_CASE("version 3 over IPv6 needs the pseudo header") {
    const IpAddress source = ip("fe80::1"), group = ip("ff02::12");
    const Advert advert{3, 7, 200, 100ms, {ip("fe80::100"), ip("2001:db8::100")}, AuthType::none, {}};
    const auto bytes = encode(advert, source, group);
    CHECK(bytes.size() == 8 + 2 * 16);
    CHECK(bytes[5] == 10);
    CHECK(decode({source, group, 255, bytes}).value() == advert);
    CHECK(decode({ip("fe80::2"), group, 255, bytes}).error().reason == DropReason::checksum);
}

TEST_CASE("intervals round to what the version can carry") {
    Advert advert{3, 1, 1, 10ms, {kVip}, AuthType::none, {}};
    CHECK(decode(from_master(encode(advert, kMaster, kGroup))).value().interval == 10ms);
    advert.interval = 40950ms;
    CHECK(decode(from_master(encode(advert, kMaster, kGroup))).value().interval == 40950ms);
    advert.interval = 1h;
    CHECK(decode(from_master(encode(advert, kMaster, kGroup))).value().interval == 40950ms);
    advert.version = 2;
    advert.interval = 255s;
    CHECK(decode(from_master(encode(advert, kMaster, kGroup))).value().interval == 255s);
}

TEST_CASE("an advert cut at any byte, or with bytes behind it, is refused") {
    for (std::size_t size = 0; size < kTutorial.size(); ++size) {
        const std::vector<std::uint8_t> cut(kTutorial.begin(), kTutorial.begin() + static_cast<long>(size));
        CAPTURE(size);
        const auto reason = reason_of(from_master(cut), tutorial_expectations());
        REQUIRE(reason.has_value());
        if (size < 8) CHECK(*reason == DropReason::too_short);
        CHECK_FALSE(decode(from_master(cut)));
    }
    std::vector<std::uint8_t> longer = kTutorial;
    longer.push_back(0);
    CHECK(decode(from_master(longer)).error().reason == DropReason::length);
}

TEST_CASE("every single bit flipped is noticed") {
    for (std::size_t bit = 0; bit < kTutorial.size() * 8; ++bit) {
        std::vector<std::uint8_t> bytes = kTutorial;
        bytes[bit / 8] ^= static_cast<std::uint8_t>(1 << bit % 8);
        CAPTURE(bit);
        CHECK_FALSE(receive(from_master(bytes), tutorial_expectations()));
    }
}

TEST_CASE("what a stranger may send is refused with its reason") {
    const Expectations expected = tutorial_expectations();
    std::vector<std::uint8_t> twice_wrong = altered(0, 0x22);
    twice_wrong[twice_wrong.size() - 8] ^= 1;
    const struct {
        const char* what;
        std::vector<std::uint8_t> payload;
        DropReason reason;
    } rows[] = {
        {"version 3", altered(0, 0x31), DropReason::version},
        {"version 1", altered(0, 0x11), DropReason::version},
        {"type 2", altered(0, 0x22), DropReason::type},
        {"type 2 and wrong password: keepalived's order", twice_wrong, DropReason::password},
        {"another VRID", altered(1, 52), DropReason::vrid},
        {"no authentication", altered(4, 0), DropReason::auth_type},
        {"AH", altered(4, 2), DropReason::auth_type},
        {"wrong password", altered(12, '2'), DropReason::password},
        {"longer password", altered(16, '1'), DropReason::password},
        {"interval of 2 s", altered(5, 2), DropReason::interval},
        {"count 0", altered(3, 0), DropReason::length},
        {"count 2", altered(3, 2), DropReason::length},
        {"count 255", altered(3, 255), DropReason::length},
    };
    for (const auto& row : rows) {
        CAPTURE(row.what);
        CHECK(reason_of(from_master(row.payload), expected) == row.reason);
    }
    std::vector<std::uint8_t> bad_sum = kTutorial;
    bad_sum[6] ^= 1;
    CHECK(reason_of(from_master(bad_sum), expected) == DropReason::checksum);
    CHECK(reason_of({kMaster, kGroup, 254, kTutorial}, expected) == DropReason::ttl);
    CHECK(reason_of({kBackup, kGroup, 255, kTutorial}, expected) == DropReason::own_source);
    CHECK(reason_of({kMaster, kBackup, 255, kTutorial}, expected) == DropReason::destination);
}

TEST_CASE("unicast peers are checked by address and by their own TTL range") {
    Expectations expected = tutorial_expectations();
    const std::vector<IpAddress> peers{kMaster};
    expected.unicast = true;
    expected.check_ttl = false;
    expected.check_source = true;
    expected.peers = peers;
    CHECK(receive({kMaster, kBackup, 64, kTutorial}, expected));
    CHECK(reason_of({kMaster, kGroup, 64, kTutorial}, expected) == DropReason::destination);
    CHECK(reason_of({ip("192.168.36.1"), kBackup, 64, kTutorial}, expected) == DropReason::source);
    expected.check_ttl = true;
    expected.min_ttl = 60;
    expected.max_ttl = 64;
    CHECK(receive({kMaster, kBackup, 60, kTutorial}, expected));
    CHECK(reason_of({kMaster, kBackup, 59, kTutorial}, expected) == DropReason::ttl);
    CHECK(reason_of({kMaster, kBackup, 65, kTutorial}, expected) == DropReason::ttl);
}

TEST_CASE("a global IPv6 source is refused") {
    const IpAddress source = ip("2001:db8::5"), group = ip("ff02::12");
    const std::vector<IpAddress> addresses{ip("fe80::100")};
    Expectations expected;
    expected.version = 3;
    expected.vrid = 7;
    expected.addresses = addresses;
    const Advert advert{3, 7, 200, 1s, addresses, AuthType::none, {}};
    CHECK(reason_of({source, group, 255, encode(advert, source, group)}, expected) ==
          DropReason::source_scope);
    const IpAddress local = ip("fe80::5");
    CHECK(receive({local, group, 255, encode(advert, local, group)}, expected));
}

TEST_CASE("an interval of 0 is refused in either version") {
    std::vector<std::uint8_t> bytes = encode({3, 51, 100, 1s, {kVip}, AuthType::none, {}}, kMaster, kGroup);
    bytes[5] = 0;
    CHECK(decode(from_master(bytes)).error().reason == DropReason::interval);
    CHECK(decode(from_master(altered(5, 0))).error().reason == DropReason::interval);
}

TEST_CASE("other addresses are accepted and reported, another order is the same") {
    const std::vector<IpAddress> two{ip("192.168.36.101"), kVip};
    Expectations expected = tutorial_expectations();
    expected.addresses = two;
    CHECK(receive(from_master(kTutorial), expected).value().addresses_differ);
    Advert advert = tutorial_advert();
    advert.addresses = {kVip, ip("192.168.36.101")};
    CHECK_FALSE(receive(from_master(encode(advert, kMaster, kGroup)), expected).value().addresses_differ);
}

TEST_CASE("the IPv4 header is split off") {
    std::vector<std::uint8_t> packet = hex("45c00028 00010000 ff700000 c0a82481 e0000012");
    packet.insert(packet.end(), kTutorial.begin(), kTutorial.end());
    packet[3] = 40;
    const auto datagram = split_ipv4(packet);
    REQUIRE(datagram);
    CHECK(datagram->source == kMaster);
    CHECK(datagram->destination == kGroup);
    CHECK(datagram->ttl == 255);
    CHECK(std::ranges::equal(datagram->payload, kTutorial));

    for (std::size_t size = 0; size < packet.size(); ++size) {
        CAPTURE(size);
        CHECK_FALSE(split_ipv4(std::span(packet).first(size)));
    }
    std::vector<std::uint8_t> padded = packet;
    padded.resize(60);  // Ethernet's shortest frame
    CHECK(split_ipv4(padded)->payload.size() == kTutorial.size());
    packet[0] = 0x44;  // header length of 16
    CHECK_FALSE(split_ipv4(packet));
    packet[0] = 0x65;
    CHECK_FALSE(split_ipv4(packet));
    packet[0] = 0x46;  // options
    CHECK(split_ipv4(packet)->payload.size() == kTutorial.size() - 4);
}

TEST_CASE("reasons have names and sentences") {
    CHECK(name_of(DropReason::checksum) == "bad checksum");
    CHECK(describe({DropReason::interval, 2, 1}) == "advert interval of 2 s, ours is 1 s");
    CHECK(describe({DropReason::ttl, 254, 255}) == "bad TTL 254, expected 255: it came through a router");
}

TEST_CASE("addresses compare in network order and print as written") {
    CHECK(ip("192.168.36.129") < ip("192.168.36.154"));
    CHECK(ip("10.0.0.200") < ip("192.168.0.1"));
    CHECK(ip("fe80::1") < ip("fe80::2"));
    CHECK(ip("255.255.255.255") < ip("::"));
    CHECK(ip("2001:db8:0:0::1").to_string() == "2001:db8::1");
    for (const char* bad : {"", "192.168.x.x", "1.2.3", "1.2.3.4/24", "fe80::1%eth0", "1.2.3.4 ", "::g"}) {
        CAPTURE(bad);
        CHECK_FALSE(IpAddress::parse(bad));
    }
    CHECK(ip("224.0.0.18").is_multicast());
    CHECK_FALSE(ip("240.0.0.1").is_multicast());
    CHECK(ip("febf::1").is_link_local());
    CHECK_FALSE(ip("fec0::1").is_link_local());
}

TEST_CASE("a packet with several faults is counted under the first of the order") {
    // From the last check to the first: each further fault takes over from the one before.
    const Expectations expected = tutorial_expectations();
    std::vector<std::uint8_t> bytes = kTutorial;
    int ttl = 255;
    DropReason last = DropReason::checksum;
    const auto now_first = [&](DropReason reason) {
        CHECK(reason_of({kMaster, kGroup, ttl, bytes}, expected) == reason);
        CHECK(reason <= last);
        last = reason;
    };
    bytes[6] ^= 1;
    now_first(DropReason::checksum);
    bytes[3] = 2;
    now_first(DropReason::length);
    bytes[0] = 0x22;
    now_first(DropReason::type);
    bytes[5] = 2;
    now_first(DropReason::interval);
    bytes[12] = '2';
    now_first(DropReason::password);
    bytes[4] = 0;
    now_first(DropReason::auth_type);
    bytes[0] = 0x32;
    now_first(DropReason::version);
    ttl = 254;
    now_first(DropReason::ttl);
    bytes.resize(7);
    now_first(DropReason::too_short);
}
