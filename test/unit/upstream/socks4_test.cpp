#include "proxyd/upstream/socks4.h"

#include <catch2/catch.hpp>
#include <cerrno>

using namespace proxyd::upstream;
using namespace std::string_literals;

TEST_CASE("The SOCKS 4 request names address and port") {
    const auto address = common::Endpoint::from_ip("192.0.2.1", 0x1234);
    CHECK(socks4_request(*address) == "\x04\x01\x12\x34\xc0\x00\x02\x01proxyd\0"s);
    CHECK(socks4_request(*common::Endpoint::from_ip("2001:db8::1", 80)) == std::nullopt);
    CHECK(socks4_request(*common::Endpoint::from_unix("/tmp/s")) == std::nullopt);
}

TEST_CASE("Answers of a SOCKS 4 server") {
    const auto answer = [](char version, char code) {
        return std::string{version, code} + std::string(6, 'x');
    };
    CHECK(socks4_error(answer(0, 90)) == 0);
    CHECK(socks4_error(answer(0, 91)) == ECONNREFUSED);
    CHECK(socks4_error(answer(0, 92)) == EACCES);
    CHECK(socks4_error(answer(0, 93)) == EACCES);
    CHECK(socks4_error(answer(4, 90)) == EPROTO);
    CHECK(socks4_error("HTTP/1.1") == EPROTO);
    CHECK(socks4_error(answer(0, 90).substr(0, 7)) == EPROTO);
}
