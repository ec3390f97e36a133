#include "proxyd/upstream/dns_message.h"

#include <catch2/catch.hpp>

using namespace proxyd::upstream;

namespace {

std::string u16(unsigned value) {
    return {static_cast<char>(value >> 8), static_cast<char>(value & 0xff)};
}

std::string name(const std::string& text) {
    std::string out;
    std::size_t at = 0;
    while (at < text.size()) {
        const std::size_t dot = std::min(text.find('.', at), text.size());
        out += static_cast<char>(dot - at);
        out += text.substr(at, dot - at);
        at = dot + 1;
    }
    return out + '\0';
}

std::string record(const std::string& owner, unsigned type, const std::string& data) {
    return owner + u16(type) + u16(1) + std::string(4, '\0') + u16(static_cast<unsigned>(data.size())) + data;
}

// An answer to question `asked` with id 7.
std::string message(const std::string& asked, unsigned type, unsigned answers, const std::string& records,
                    unsigned flags = 0x8180, unsigned additional = 0) {
    return u16(7) + u16(flags) + u16(1) + u16(answers) + u16(0) + u16(additional) + name(asked) + u16(type) +
           u16(1) + records;
}

const std::string kAsked = "\xc0\x0c";  // the question's name, compressed
const std::string kIp1("\x7f\0\0\1", 4), kIp2("\x7f\0\0\2", 4);

}  // namespace

TEST_CASE("a query is what RFC 1035 and EDNS0 say") {
    const auto query = make_dns_query(0x1234, "Www.example.com.", DnsType::aaaa, 4096);
    REQUIRE(query);
    const std::string head = u16(0x1234) + u16(0x0100) + u16(1) + u16(0) + u16(0) + u16(1);
    const std::string edns = std::string(1, '\0') + u16(41) + u16(4096) + std::string(6, '\0');
    CHECK(*query == head + name("Www.example.com") + u16(28) + u16(1) + edns);
    for (const std::string& bad :
         {std::string(), std::string("a..b"), std::string(64, 'a'), std::string(254, 'a')})
        CHECK(!make_dns_query(1, bad, DnsType::a, 512));
}

TEST_CASE("addresses of the name and of what it is an alias of") {
    const std::string records = record(name("cdn.example"), 1, kIp2) +
                                record(kAsked, 5, name("CDN.example")) +
                                record(name("other.example"), 1, kIp1) +
                                record(name("cdn.example"), 1, kIp2) + record(name("cdn.example"), 1, kIp1);
    const auto answer = parse_dns_answer(message("a.b", 1, 5, records), 7, "A.b.", DnsType::a);
    REQUIRE(answer);
    CHECK(answer->status == DnsStatus::valid);
    REQUIRE(answer->addresses.size() == 2);
    CHECK(answer->addresses[0].ip() == "127.0.0.2");
    CHECK(answer->addresses[1].ip() == "127.0.0.1");
}

TEST_CASE("services come with addresses when the answer has them") {
    const std::string service = u16(1) + u16(256) + u16(8080);
    const std::string records = record(kAsked, 33, service + name("One.x")) +
                                record(kAsked, 33, service + name("two.x")) + record(name("one.X"), 1, kIp1);
    const auto answer =
        parse_dns_answer(message("_h._tcp.x", 33, 2, records, 0x8180, 1), 7, "_h._tcp.x", DnsType::srv);
    REQUIRE(answer);
    REQUIRE(answer->services.size() == 2);
    CHECK(answer->services[0].target == "one.x");
    CHECK(answer->services[0].port == 8080);
    CHECK(answer->services[0].weight == 256);
    CHECK(answer->services[0].address->ip() == "127.0.0.1");
    CHECK(!answer->services[1].address);
}

TEST_CASE("what name servers refuse, and what is no answer") {
    struct Row {
        unsigned flags;
        DnsStatus status;
    };
    for (const Row& row :
         {Row{0x8183, DnsStatus::nx}, Row{0x8185, DnsStatus::refused}, Row{0x8182, DnsStatus::other},
          Row{0x8380, DnsStatus::other}, Row{0x8180, DnsStatus::empty}}) {
        const auto answer = parse_dns_answer(message("a.b", 1, 0, "", row.flags), 7, "a.b", DnsType::a);
        REQUIRE(answer);
        CHECK(answer->status == row.status);
    }
    const std::string good = message("a.b", 1, 1, record(kAsked, 1, kIp1));
    CHECK(parse_dns_answer(good, 7, "a.b", DnsType::a));
    CHECK(!parse_dns_answer(good, 8, "a.b", DnsType::a));
    CHECK(!parse_dns_answer(good, 7, "a.c", DnsType::a));
    CHECK(!parse_dns_answer(good, 7, "a.b", DnsType::aaaa));
    CHECK(!parse_dns_answer(message("a.b", 1, 0, "", 0x0100), 7, "a.b", DnsType::a));
    CHECK(!parse_dns_answer(message("a.b", 1, 1, record(kAsked, 1, "123")), 7, "a.b", DnsType::a));
}

TEST_CASE("an answer cut anywhere is none, and a loop of pointers ends") {
    const std::string good =
        message("a.b", 33, 1, record(kAsked, 33, u16(1) + u16(1) + u16(80) + name("t.x")));
    for (std::size_t size = 0; size < good.size(); ++size)
        CHECK(!parse_dns_answer(good.substr(0, size), 7, "a.b", DnsType::srv));
    const std::string loop = message("a.b", 1, 1, std::string("\xc0\x15", 2) + std::string(20, '\0'));
    CHECK(!parse_dns_answer(loop, 7, "a.b", DnsType::a));
}
