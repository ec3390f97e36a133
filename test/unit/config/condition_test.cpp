#include "proxyd/config/condition.h"

#include <catch2/catch.hpp>

using namespace proxyd::config;

namespace {

std::optional<std::string> lookup(std::string_view name) {
    if (name == "HOME") return "/root";
    if (name == "EMPTY") return "";
    if (name == "ONE") return "1";
    return std::nullopt;
}

struct Row {
    std::string_view text;
    int value;  // -1: refused
};

}  // namespace

TEST_CASE("conditions are evaluated as haproxy -cc does") {
    const Row rows[] = {
        {"", 0},
        {"   ", 0},
        {"0", 0},
        {"1", 1},
        {"-1", 1},
        {"!0", 1},
        {"!!1", 1},
        {"streq(a,a) && !streq(a,b)", 1},
        {"strneq(a,b)", 1},
        {"streq(\"a b\",a\\ b)", 1},
        {"streq(\"$HOME\",/root)", 1},
        {"streq(\"$EMPTY\",)", 1},
        {"strstr(abc,bc)", 1},
        {"\"$ONE\"", 1},
        {"\"$EMPTY\"", 0},
        {"(1 || 0) && defined(HOME)", 1},
        {"0 && 0 || 1", 1},
        {"1 || 0 && 0", 1},
        {"defined(NOPE)", 0},
        {"feature(OPENSSL)", 1},
        {"feature(LUA)", 0},
        {"version_atleast(2.6-dev1)", 1},
        {"version_atleast(3.4)", 1},
        {"version_atleast(3.5)", 0},
        {"version_atleast(3.4-dev3)", 1},
        {"version_before(3.4)", 0},
        {"version_before(4.0-dev1)", 1},
        {"openssl_version_atleast(3.0.0)", 1},
        {"ssllib_name_startswith(OpenSSL)", 1},
        {"foo(a)", -1},
        {"1 2", -1},
        {"1 &&", -1},
        {"\"$HOME\"", -1},
        {"defined(HO", -1},
        {"defined(a,b)", -1},
        {"defined", -1},
        {"(1", -1},
        {"1)", -1},
        {"streq(a,\"b)", -1},
        {"version_atleast(x)", -1},
    };
    for (const Row& row : rows) {
        CAPTURE(row.text);
        const auto value = evaluate_condition(row.text, lookup);
        CHECK((value ? static_cast<int>(*value) : -1) == row.value);
    }
}

TEST_CASE("an unknown predicate is named with its nearest neighbour") {
    const auto value = evaluate_condition("version_atlest(2.0)", lookup);
    REQUIRE_FALSE(value);
    CHECK_THAT(value.error().text, Catch::Contains("did you mean 'version_atleast'?"));
}

TEST_CASE("nesting is bounded") {
    CHECK_FALSE(evaluate_condition(std::string(100'000, '('), lookup));
    CHECK_FALSE(evaluate_condition(std::string(100'000, '!') + "1", lookup));
}
