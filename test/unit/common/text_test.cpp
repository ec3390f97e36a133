#include "common/text.h"

#include <catch2/catch.hpp>

using namespace std::chrono_literals;

namespace {

struct Good {
    const char* text;
    std::chrono::microseconds value;
};

}  // namespace

TEST_CASE("durations take HAProxy's units, milliseconds by default") {
    for (const Good& row : {Good{"20s", 20s}, Good{"50000", 50s}, Good{"2m", 2min}, Good{"1h", 1h},
                            Good{"1d", 24h}, Good{"10us", 10us}, Good{"0", 0us}}) {
        INFO(row.text);
        REQUIRE(common::parse_duration(row.text).value() == row.value);
    }
    CHECK(common::parse_duration("2", common::TimeUnit::s).value() == 2s);
    for (const char* bad : {"", "s", "-1", "1.5s", "1 s", "1w", "99999999999", "0x10"}) {
        INFO(bad);
        CHECK_FALSE(common::parse_duration(bad));
    }
}

TEST_CASE("sizes are 1024-based") {
    CHECK(common::parse_size("16k").value() == 16384);
    CHECK(common::parse_size("1G").value() == 1073741824);
    for (const char* bad : {"", "k", "-1", "1kb", "99999999999999999999"})
        CHECK_FALSE(common::parse_size(bad));
}

TEST_CASE("numbers name their range") {
    CHECK(common::parse_number("-3", -5, 5).value() == -3);
    CHECK(common::parse_number("65536", 1, 65535).error().text == "'65536' is out of range (1 to 65535)");
    CHECK_FALSE(common::parse_number("12x", 0, 100));
    CHECK_FALSE(common::parse_number("", 0, 100));
}

TEST_CASE("splitting keeps empty parts, trimming only outer blanks") {
    CHECK(common::split("a,,b", ',').size() == 3);
    CHECK(common::trim("\t a b ") == "a b");
    CHECK(common::iequals("Host", "hOST"));
}

TEST_CASE("texts of every length are compared byte by byte, letters without case") {
    const auto lower = [](int c) { return c >= 'A' && c <= 'Z' ? c + 32 : c; };
    for (const std::size_t size : {1U, 3U, 4U, 5U, 7U, 8U, 9U, 12U, 15U, 16U, 17U, 24U}) {
        for (const std::size_t at : {std::size_t{0}, size / 2, size - 1}) {
            std::string a(size, 'x'), b(size, 'X');
            bool as_expected = true;
            for (int left = 0; left < 256; ++left) {
                for (int right = 0; right < 256; ++right) {
                    a[at] = static_cast<char>(left);
                    b[at] = static_cast<char>(right);
                    as_expected &= common::iequals(a, b) == (lower(left) == lower(right));
                }
            }
            CAPTURE(size, at);
            CHECK(as_expected);
        }
    }
    CHECK(common::iequals("", ""));
    CHECK_FALSE(common::iequals("abcdefgh", "abcdefghi"));
}
