#include "proxyd/net/proxy_protocol.h"

#include <catch2/catch.hpp>

using namespace proxyd::net;
using namespace std::string_literals;

namespace {

const std::string kStart = "\r\n\r\n\0\r\nQUIT\n"s;
const std::string kV4 =
    "\xc0\x00\x02\x01\xc6\x33\x64\x02\x04\xd2\x00\x50"s;  // 192.0.2.1:1234 to 198.51.100.2:80

std::string header(char command, char family, const std::string& body) {
    return kStart + command + family + static_cast<char>(body.size() >> 8) + static_cast<char>(body.size()) +
           body;
}

// Every beginning asks for more, and what follows the header is not counted.
void check(const std::string& data, const ProxyHeader& expected) {
    for (std::size_t size = 0; size < data.size(); ++size) {
        ProxyHeader out;
        CAPTURE(size);
        CHECK(parse_proxy_header(data.substr(0, size), out).status == ProxyStatus::more);
    }
    ProxyHeader out;
    const ProxyResult result = parse_proxy_header(data + "GET / HTTP/1.1\r\n", out);
    CHECK(result.status == ProxyStatus::done);
    CHECK(result.consumed == data.size());
    CHECK(out.local == expected.local);
    CHECK(out.source == expected.source);
    CHECK(out.destination == expected.destination);
    CHECK(out.authority == expected.authority);
    CHECK(out.unique_id == expected.unique_id);
}

common::Endpoint at(const char* address, std::uint16_t port) {
    return *common::Endpoint::from_ip(address, port);
}

}  // namespace

TEST_CASE("PROXY protocol, version 1") {
    check("PROXY TCP4 192.0.2.1 198.51.100.2 1234 80\r\n",
          {false, at("192.0.2.1", 1234), at("198.51.100.2", 80), "", ""});
    check("PROXY TCP6 2001:db8::1 ::1 1 65535\r\n", {false, at("2001:db8::1", 1), at("::1", 65535), "", ""});
    check("PROXY UNKNOWN\r\n", {true, {}, {}, "", ""});
    check("PROXY UNKNOWN ffff::1 ffff::2 1 2\r\n", {true, {}, {}, "", ""});
}

TEST_CASE("PROXY protocol, version 2") {
    check(header(0x21, 0x11, kV4), {false, at("192.0.2.1", 1234), at("198.51.100.2", 80), "", ""});
    check(header(0x21, 0x11, kV4 + "\x02\x00\x03www\x05\x00\x02id"s),
          {false, at("192.0.2.1", 1234), at("198.51.100.2", 80), "www", "id"});
    check(header(0x20, 0x00, ""), {true, {}, {}, "", ""});
    check(header(0x20, 0x11, kV4), {true, {}, {}, "", ""});
    check(header(0x21, 0x31, std::string(216, 'x')), {true, {}, {}, "", ""});
}

TEST_CASE("What is no PROXY header") {
    const std::string text = GENERATE_COPY(
        "GET / HTTP/1.1\r\n"s, "PROXY TCP4 192.0.2.1 198.51.100.2 1234\r\n"s, "PROXY TCP4 ::1 ::1 1 2\r\n"s,
        "PROXY TCP4 192.0.2.1 198.51.100.2 1234 80\n"s, "PROXY TCP4 1.1.1.1 2.2.2.2 70000 80\r\n"s,
        "PROXY UDP4 x\r\n"s, "PROXY TCP6 "s + std::string(120, '1'), header(0x11, 0x11, kV4),
        header(0x22, 0x11, kV4), header(0x21, 0x11, kV4.substr(1)), header(0x21, 0x21, kV4),
        header(0x21, 0x11, kV4 + "\x02\x00\x09www"s),
        header(0x21, 0x11, kV4 + "\x05\x00\x81"s + std::string(129, 'x')),
        header(0x21, 0x11, std::string(5000, 'x')));
    ProxyHeader out;
    CHECK(parse_proxy_header(text, out).status == ProxyStatus::error);
}
