// What persistence cookies are made of; the values are those that haproxy 2.6 hands out.
#include "proxyd/session/cookie_value.h"

#include <catch2/catch.hpp>

using namespace proxyd::session;

TEST_CASE("dates of cookies: five digits of 64, in steps of four seconds") {
    CHECK(cookie_date(0) == "AAAAA");
    CHECK(cookie_date(4) == "AAAAB");
    CHECK(cookie_date(63 * 4) == "AAAA_");
    CHECK(cookie_date(64 * 4) == "AAABA");
    for (const std::int64_t when : {4, 1000, 1'700'000'000, 2'000'000'004}) {
        INFO(when);
        CHECK(read_cookie_date(cookie_date(when)) == when);
    }
    CHECK(read_cookie_date("AAABA|AAAAB") == 256);
    for (const char* text : {"", "AAAA", "AAA+A", "AAA|A"}) {
        INFO(text);
        CHECK(read_cookie_date(text) == 0);
    }
}

TEST_CASE("dynamic cookies depend on key, address and port alone") {
    const auto cookie = [](const char* ip, std::uint16_t port) {
        return dynamic_cookie("secret", *common::Endpoint::from_ip(ip, port));
    };
    CHECK(cookie("127.0.0.1", 7851) == "8594b39f819addc6");
    CHECK(cookie("127.0.0.1", 7852) == "84ddbf3fa829ccf0");
    CHECK(cookie("::1", 7853) == "c3e532793ce52420");
    CHECK(dynamic_cookie("secret", {}).empty());
}
