#include "proxyd/observe/ring.h"

#include <catch2/catch.hpp>
#include <vector>

using namespace proxyd::observe;

namespace {

std::vector<std::string> all(const Ring& ring, std::uint64_t& next, std::uint64_t& missed) {
    std::vector<std::string> out;
    next = ring.read(next, missed, [&](std::string_view event) {
        out.emplace_back(event);
        return true;
    });
    return out;
}

}  // namespace

TEST_CASE("a ring keeps the latest, and tells readers what they missed") {
    RingSettings settings;
    settings.size = 20;
    settings.max_length = 8;
    Ring ring(settings);
    std::uint64_t next = 0, missed = 0;
    ring.write("one");
    ring.write("longer than eight");
    CHECK(all(ring, next, missed) == std::vector<std::string>{"one", "longer t"});
    CHECK(all(ring, next, missed).empty());
    for (const char* event : {"aaaaaaaa", "bbbbbbbb", "cccccccc"}) ring.write(event);
    CHECK(all(ring, next, missed) == std::vector<std::string>{"bbbbbbbb", "cccccccc"});
    CHECK(missed == 1);
    CHECK(ring.end() == 5);
    std::uint64_t from = 0, before = 0;
    CHECK(ring.read(from, before, [](std::string_view) { return false; }) == 3);
    CHECK(before == 3);
}
