#include "proxyd/config/quick.h"

#include <catch2/catch.hpp>

using proxyd::config::quick_configuration;

TEST_CASE("--quick becomes a configuration") {
    const auto one = quick_configuration(":8080=127.0.0.1:9000");
    REQUIRE(one);
    CHECK_THAT(*one, Catch::Contains("bind :8080\n"));
    CHECK_THAT(*one, Catch::Contains("server server1 127.0.0.1:9000\n"));
    CHECK_THAT(*one, Catch::Contains("log stdout format raw local0\n"));

    const auto two = quick_configuration("8080=127.0.0.1:9000,web:80");
    REQUIRE(two);
    CHECK_THAT(*two, Catch::Contains("bind :8080\n"));
    CHECK_THAT(*two, Catch::Contains("server server2 web:80 check\n"));
}

TEST_CASE("--quick refuses what it cannot serve") {
    for (const std::string_view bad : {"", ":8080", "=x:1", ":0=x:1", ":8080=", ":8080=x", ":8080=x:99999",
                                       "*=a:1", ":80=a:1,", ":80=a:1,,b:2", ":80=a b:1"}) {
        CAPTURE(bad);
        const auto text = quick_configuration(bad);
        REQUIRE_FALSE(text);
        CHECK_THAT(text.error().text, Catch::Contains("--quick expects"));
    }
}
