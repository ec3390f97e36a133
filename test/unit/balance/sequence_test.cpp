// The order of servers, compared with what HAProxy 2.6 does for the same weights (one thread, sequential
// requests).
#include <catch2/catch.hpp>

#include <algorithm>

#include "farm.h"

using namespace proxyd::balance;

namespace {

struct Row {
    const char* algorithm;
    std::vector<int> weights;
    const char* sequence;
};

const std::vector<Row> kObserved{
    {"roundrobin", {1, 1, 1}, "abcabcabcabcabcabcabcabcabcabcabca"},
    {"roundrobin", {3, 1}, "aaabaaabaaabaaabaaabaaabaaabaaabaa"},
    {"roundrobin", {1, 3}, "bbbabbbabbbabbbabbbabbbabbbabbbabb"},
    {"roundrobin", {5, 1, 1}, "aaabaacaaabaacaaabaacaaabaacaaabaa"},
    {"roundrobin", {1, 2, 3}, "cbcacbcbcacbcbcacbcbcacbcbcacbcbca"},
    {"roundrobin", {4, 2, 1}, "aabacabaabacabaabacabaabacabaabaca"},
    {"roundrobin", {2, 2, 1}, "ababcababcababcababcababcababcabab"},
    {"roundrobin", {10, 7}, "aababaabababaababaababaabababaabab"},
    {"static-rr", {1, 1, 1}, "abcabcabcabcabcabcabcabcabcabcabca"},
    {"static-rr", {3, 1}, "aaabaaabaaabaaabaaabaaabaaabaaabaa"},
    {"static-rr", {1, 3}, "abbbabbbabbbabbbabbbabbbabbbabbbab"},
    {"static-rr", {5, 1, 1}, "aaabaacaaabaacaaabaacaaabaacaaabaa"},
    {"static-rr", {1, 2, 3}, "acbcbcacbcbcacbcbcacbcbcacbcbcacbc"},
    {"static-rr", {4, 2, 1}, "aababacaababacaababacaababacaababa"},
    {"static-rr", {2, 2, 1}, "ababcababcababcababcababcababcabab"},
    {"static-rr", {10, 7}, "aababaababaabababaababaababaababab"},
};

std::unique_ptr<Algorithm> make(std::string_view name) {
    auto selected = select(name, {});
    REQUIRE(selected);
    return std::move(selected->algorithm);
}

}  // namespace

TEST_CASE("servers come in the order that HAProxy takes them") {
    for (const Row& row : kObserved) {
        Farm farm(row.weights);
        const auto algorithm = make(row.algorithm);
        algorithm->set_roster(farm.members);
        INFO(row.algorithm << " of " << row.weights.size());
        CHECK(Farm::run(*algorithm, 34) == row.sequence);
    }
}

TEST_CASE("roundrobin keeps every share and never clusters, for a long time") {
    for (const std::vector<int>& weights : {std::vector{256, 1}, {7, 5, 3}, {100, 50, 25, 1}, {13, 13, 12}}) {
        Farm farm(weights);
        const auto algorithm = make("roundrobin");
        algorithm->set_roster(farm.members);
        int total = 0;
        for (const int weight : weights) total += weight;
        const std::string turns = Farm::run(*algorithm, total * 50);
        for (std::size_t i = 0; i < weights.size(); ++i) {
            // A server may be owed its next turn at the moment of counting, never more.
            CHECK(std::abs(std::ranges::count(turns, static_cast<char>('a' + i)) - weights[i] * 50) <= 1);
            // In any stretch of the length of one round, at most one off for each neighbour in the way.
            for (std::size_t from = 0; from + static_cast<std::size_t>(total) <= turns.size(); from += 17) {
                const auto seen = std::ranges::count(turns.substr(from, static_cast<std::size_t>(total)),
                                                     static_cast<char>('a' + i));
                REQUIRE(std::abs(seen - weights[i]) <= static_cast<long>(weights.size()));
            }
        }
    }
}

TEST_CASE("a server that left and returned takes its place again without a burst") {
    Farm farm({1, 1, 1});
    const auto algorithm = make("roundrobin");
    algorithm->set_roster(farm.members);
    CHECK(Farm::run(*algorithm, 4) == "abca");
    const std::vector<Member> two{farm.members[0], farm.members[2]};
    algorithm->set_roster(two);
    CHECK(Farm::run(*algorithm, 4) == "caca");
    algorithm->set_roster(farm.members);
    const std::string after = Farm::run(*algorithm, 9);
    CHECK(std::ranges::count(after, 'b') == 3);
    CHECK(after.find("bb") == std::string::npos);
}

TEST_CASE("a weight changed at run time holds from the next turns on, in roundrobin only") {
    Farm farm({1, 1});
    for (const char* name : {"roundrobin", "static-rr"}) {
        const auto algorithm = make(name);
        algorithm->set_roster(farm.members);
        Farm::run(*algorithm, 10);
        std::vector<Member> changed = farm.members;
        changed[0].weight = 3;
        algorithm->set_roster(changed);
        Farm::run(*algorithm, 4);
        CHECK(std::ranges::count(Farm::run(*algorithm, 40), 'a') ==
              (name == std::string_view("roundrobin") ? 30 : 20));
    }
}

TEST_CASE("a full server is passed over and owed nothing afterwards") {
    for (const char* name : {"roundrobin", "static-rr"}) {
        Farm farm({1, 1, 1});
        const auto algorithm = make(name);
        algorithm->set_roster(farm.members);
        farm.loads[1].limit = 1;
        farm.loads[1].served = 1;
        CHECK(std::ranges::count(Farm::run(*algorithm, 9), 'b') == 0);
        farm.loads[1].served = 0;
        const std::string after = Farm::run(*algorithm, 9);
        CHECK(std::ranges::count(after, 'b') == 3);
        for (Load& load : farm.loads) load.limit = load.served = 1;
        CHECK(Farm::run(*algorithm, 3) == "---");
    }
}

TEST_CASE("the server that just failed is chosen again only when it is the only one") {
    for (const char* name : {"roundrobin", "static-rr", "leastconn", "first", "random", "source"}) {
        Farm farm({1, 1});
        const auto algorithm = make(name);
        algorithm->set_roster(farm.members);
        INFO(name);
        CHECK(Farm::run(*algorithm, 4, {.avoid = 0}) == "bbbb");
        algorithm->set_roster(std::span(farm.members).first(1));
        CHECK(Farm::run(*algorithm, 2, {.avoid = 0}) == "aa");
        algorithm->set_roster({});
        CHECK(algorithm->choose({}) == kNone);
    }
}
