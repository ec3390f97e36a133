#include "proxyd/state/byte_rate.h"

#include <catch2/catch.hpp>

using namespace proxyd::state;

TEST_CASE("bytes slide out of the period") {
    ByteRate rate;
    rate.add(1000, 5000, 100);
    CHECK(rate.read(5000, 100) == 1000);
    CHECK(rate.read(5099, 100) == 1000);
    CHECK(rate.read(5100, 100) == 1000);
    CHECK(rate.read(5150, 100) == 500);
    CHECK(rate.read(5199, 100) == 10);
    CHECK(rate.read(5200, 100) == 0);
    rate.add(400, 5150, 100);
    CHECK(rate.read(5175, 100) == 650);
    rate.add(1, 9000, 100);
    CHECK(rate.read(9000, 100) == 1);
    ByteRate large;
    large.add(1ULL << 50, 100'000, 100'000);
    CHECK(large.read(250'000, 100'000) == 1ULL << 49);
}

TEST_CASE("what passes at once, and how long to wait") {
    const struct {
        std::uint64_t used, wanted, limit;
        std::int64_t period;
        std::uint64_t least;
        unsigned users;
        std::uint64_t bytes;
        std::int64_t wait;
    } rows[] = {
        {0, 500, 1000, 1000, 0, 1, 500, 0},    // all
        {0, 5000, 1000, 1000, 0, 1, 1000, 0},  // as much as there is room for
        {900, 5000, 1000, 1000, 0, 1, 100, 0},
        {990, 5000, 1000, 1000, 0, 1, 0, 10},  // not worth it: 20 ms' worth
        {990, 5, 1000, 1000, 0, 1, 5, 0},      // unless it is the rest
        {1000, 5000, 1000, 1000, 0, 1, 0, 20},
        {1500, 5000, 1000, 1000, 0, 1, 0, 520},     // another stream of the key took more
        {9000, 5000, 1000, 1000, 0, 1, 0, 1000},    // but look at least once a period
        {980, 5000, 1000, 1000, 1400, 1, 1400, 0},  // min-size exceeds the limit
        {980, 100, 1000, 1000, 1400, 1, 100, 0},
        {1000, 5000, 1000, 1000, 1400, 1, 0, 20},
        {0, 5000, 1000, 1000, 0, 4, 250, 0},  // shared
        {0, 5000, 1, 1000, 0, 1, 1, 0},       // one byte per second
        {1, 5000, 1, 1000, 0, 1, 0, 1000},
        {0, 5000, 1, 1000, 0, 9, 1, 0},  // however many they are
        {0, 5000, 1000, 1, 0, 1, 1000, 0},
    };
    for (const auto& row : rows) {
        const Allowance got = allowance(row.used, row.wanted, row.limit, row.period, row.least, row.users);
        INFO(row.used << " used, " << row.wanted << " wanted, " << row.limit << " per " << row.period);
        CHECK(got.bytes == row.bytes);
        CHECK(got.wait_ms == row.wait);
    }
}

TEST_CASE("a long stream keeps its limit within some percent") {
    for (const std::uint64_t limit : {1'000ULL, 64'000ULL, 10'000'000ULL})
        for (const std::int64_t period : {50, 1000, 3000}) {
            ByteRate rate;
            std::int64_t now = 1'000'000;
            std::uint64_t passed = 0;
            while (now < 1'000'000 + 10 * period) {
                const Allowance next = allowance(rate.read(now, period), 16'384, limit, period, 0);
                rate.add(next.bytes, now, period);
                passed += next.bytes;
                now += next.wait_ms;
            }
            INFO(limit << " per " << period);
            CHECK(passed >= limit * 19 / 2);
            CHECK(passed <= limit * 23 / 2);  // ten periods, and the one that passed at once
        }
}
