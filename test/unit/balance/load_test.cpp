// Algorithms that look at the servers' load.
#include <catch2/catch.hpp>

#include <algorithm>

#include "farm.h"

using namespace proxyd::balance;

namespace {

std::unique_ptr<Algorithm> make(std::string_view name, const Farm& farm) {
    auto selected = select(name, {});
    REQUIRE(selected);
    selected->algorithm->set_roster(farm.members);
    return std::move(selected->algorithm);
}

std::size_t take(Algorithm& algorithm, Farm& farm) {
    const std::size_t index = algorithm.choose({});
    if (index != kNone) {
        ++farm.loads[index].served;
        algorithm.load_changed(index);
    }
    return index;
}

void leave(Algorithm& algorithm, Farm& farm, std::size_t index) {
    --farm.loads[index].served;
    algorithm.load_changed(index);
}

}  // namespace

TEST_CASE("leastconn goes round while nobody stays, as HAProxy does") {
    for (const std::vector<int>& weights : {std::vector{1, 1, 1}, {3, 1, 1}, {1, 2, 3}}) {
        Farm farm(weights);
        const auto algorithm = make("leastconn", farm);
        std::string letters;
        for (int i = 0; i < 9; ++i) {
            const std::size_t index = take(*algorithm, farm);
            letters += Farm::letter(index);
            leave(*algorithm, farm, index);
        }
        CHECK(letters == "abcabcabc");
    }
}

TEST_CASE("leastconn fills servers in proportion to their weights") {
    Farm farm({3, 1, 2});
    const auto algorithm = make("leastconn", farm);
    for (int i = 0; i < 60; ++i) take(*algorithm, farm);
    CHECK(farm.loads[0].served == 30);
    CHECK(farm.loads[1].served == 10);
    CHECK(farm.loads[2].served == 20);
    for (int i = 0; i < 5; ++i) leave(*algorithm, farm, 2);
    for (int i = 0; i < 5; ++i) CHECK(take(*algorithm, farm) == 2);
}

TEST_CASE("leastconn counts queued requests and passes full servers over") {
    Farm farm({1, 1});
    const auto algorithm = make("leastconn", farm);
    farm.loads[0].limit = 1;
    CHECK(take(*algorithm, farm) == 0);
    for (int i = 0; i < 3; ++i) CHECK(take(*algorithm, farm) == 1);
    farm.loads[1].limit = 3;
    CHECK(algorithm->choose({}) == kNone);
    farm.loads[0].queue_limit = 1;  // with a maxqueue of its own it takes one into its queue
    CHECK(algorithm->choose({}) == 0);
    farm.loads[0].queued = 1;
    algorithm->load_changed(0);
    CHECK(algorithm->choose({}) == kNone);
}

TEST_CASE("leastconn agrees with a plain search after any history") {
    Farm farm({5, 1, 3, 3, 2, 7, 1});
    const auto algorithm = make("leastconn", farm);
    unsigned seed = 1;
    for (int step = 0; step < 5000; ++step) {
        seed = seed * 1664525 + 1013904223;
        const std::size_t index = (seed >> 16) % farm.loads.size();
        if (seed >> 31 == 0 && farm.loads[index].served > 0) {
            leave(*algorithm, farm, index);
            continue;
        }
        const std::size_t chosen = take(*algorithm, farm);
        const auto share = [&farm](std::size_t i, int extra) {
            return static_cast<double>(farm.loads[i].served - extra) / farm.members[i].weight;
        };
        for (std::size_t other = 0; other < farm.loads.size(); ++other)
            if (other != chosen) REQUIRE(share(chosen, 1) <= share(other, 0));
    }
}

TEST_CASE("first fills the servers one after the other") {
    Farm farm({1, 1});
    for (Load& load : farm.loads) load.limit = 2;
    const auto algorithm = make("first", farm);
    std::string letters;
    for (int i = 0; i < 5; ++i) letters += Farm::letter(take(*algorithm, farm));
    CHECK(letters == "aabb-");
}

TEST_CASE("random respects weights and prefers the less loaded draw") {
    Farm farm({3, 1});
    auto one_draw = select("random(1)", {});
    REQUIRE(one_draw);
    one_draw->algorithm->set_roster(farm.members);
    const auto a = std::ranges::count(Farm::run(*one_draw->algorithm, 4000), 'a');
    CHECK(a > 2800);
    CHECK(a < 3200);

    Farm even({1, 1, 1, 1});
    const auto two_draws = make("random", even);
    for (int i = 0; i < 4000; ++i) take(*two_draws, even);
    for (const Load& load : even.loads) {
        CHECK(load.served > 980);
        CHECK(load.served < 1020);
    }
    for (Load& load : even.loads) load.limit = 1;
    CHECK(two_draws->choose({}) == kNone);
    even.loads[2].served = 0;
    CHECK(two_draws->choose({}) == 2);
}
