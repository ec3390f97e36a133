// Algorithms that bind a request to a server, compared with what HAProxy 2.6 chose for the same requests.
#include "proxyd/balance/hash.h"

#include <catch2/catch.hpp>

#include "farm.h"
#include "proxyd/balance/header.h"
#include "proxyd/balance/url_param.h"

using namespace proxyd;
using namespace proxyd::balance;

namespace {

const std::vector<std::string> kPaths{"", "a", "b/c", "index.html", "img/logo.png", "zz", "long/path/here"};

struct Row {
    const char* balance;
    std::vector<std::string> words;
    std::vector<int> weights;
    const char* chosen;  // for the seven requests "GET /PATH?x=NUMBER" with the header "x-k: PATH"
};

const std::vector<Row> kObserved{
    {"uri", {}, {1, 1, 1}, "caaaaba"},
    {"uri", {"whole"}, {1, 1, 1}, "bcbbbab"},
    {"hdr(x-k)", {}, {1, 1, 1}, "abcbabb"},
    {"url_param", {"x"}, {1, 1, 1}, "abcabca"},
    {"uri", {"depth", "1"}, {1, 1, 1}, "cabaabb"},
    {"uri", {"len", "3"}, {1, 1, 1}, "cabcbba"},
    {"hdr(nope)", {}, {1, 1, 1}, "abcabca"},
    {"uri", {}, {3, 1}, "babaaba"},
    {"uri", {"whole"}, {3, 1}, "bbaaaaa"},
    {"hdr(x-k)", {}, {3, 1}, "aaabaab"},
    {"url_param", {"x"}, {3, 1}, "aaabaaa"},
    {"uri", {"depth", "1"}, {3, 1}, "babaabb"},
    {"uri", {"len", "3"}, {3, 1}, "baaabba"},
    {"uri", {}, {1, 2, 3}, "cacacca"},
    {"uri", {"whole"}, {1, 2, 3}, "cccccab"},
    {"hdr(x-k)", {}, {1, 2, 3}, "acbcabc"},
    {"url_param", {"x"}, {1, 2, 3}, "acbcbca"},
    {"hdr(nope)", {}, {1, 2, 3}, "acbcbca"},
};

std::string choose_for_all(Algorithm& algorithm) {
    std::string letters;
    for (std::size_t i = 0; i < kPaths.size(); ++i) {
        const std::string target = "/" + kPaths[i] + "?x=" + std::to_string(i);
        http::Message message;
        message.target = target;
        if (!kPaths[i].empty()) message.fields.append({"x-k", kPaths[i], {}, http::FieldId::other});
        rules::Context context;
        context.request = &message;
        letters += Farm::letter(algorithm.choose({.context = &context}));
    }
    return letters;
}

}  // namespace

TEST_CASE("hashes choose the servers that HAProxy chooses") {
    for (const Row& row : kObserved) {
        Farm farm(row.weights);
        auto selected = select(row.balance, row.words);
        REQUIRE(selected);
        selected->algorithm->set_roster(farm.members);
        INFO(row.balance << (row.words.empty() ? "" : " " + row.words[0]) << " of " << row.weights.size());
        CHECK(choose_for_all(*selected->algorithm) == row.chosen);
    }
}

TEST_CASE("source hashes the client's address as HAProxy does") {
    const std::vector<std::pair<std::vector<int>, std::string>> observed{
        {{1, 1, 1}, "cabcabcabc"}, {{3, 1}, "aabaaabaaa"}, {{1, 2, 3}, "cacbcbcacb"}};
    for (const auto& [weights, chosen] : observed) {
        Farm farm(weights);
        auto selected = select("source", {});
        REQUIRE(selected);
        selected->algorithm->set_roster(farm.members);
        std::string letters;
        for (int host = 1; host <= 10; ++host) {
            rules::Context context;
            context.source = *common::Endpoint::from_ip("127.0.0." + std::to_string(host), 1234);
            letters += Farm::letter(selected->algorithm->choose({.context = &context}));
        }
        CHECK(letters == chosen);
    }
}

TEST_CASE("when a full server gives its keys away (hash-preserve-affinity)") {
    struct Row {
        Affinity affinity;
        bool when_full, when_queue_full;  // whether another server is chosen
    };
    constexpr Row kRows[] = {
        {Affinity::always, false, false}, {Affinity::maxconn, true, true}, {Affinity::maxqueue, false, true}};
    for (const bool consistent : {false, true}) {
        for (const Row& row : kRows) {
            Farm farm({1, 1, 1});
            auto selected = select("source", {});
            selected->algorithm->set_hash({.consistent = consistent, .affinity = row.affinity});
            selected->algorithm->set_roster(farm.members);
            rules::Context context;
            context.source = *common::Endpoint::from_ip("0.0.0.1", 1);
            const Query query{.context = &context};
            const std::size_t own = selected->algorithm->choose(query);
            REQUIRE(own < 3);
            INFO("consistent " << consistent << ", affinity " << static_cast<int>(row.affinity));
            farm.loads[own].limit = farm.loads[own].served = 1;
            CHECK((selected->algorithm->choose(query) != own) == row.when_full);
            farm.loads[own].queue_limit = farm.loads[own].queued = 1;
            CHECK((selected->algorithm->choose(query) != own) == row.when_queue_full);
            // All of them: there is nobody to give them to.
            for (auto& load : farm.loads) load.limit = load.queue_limit = load.queued = load.served = 1;
            CHECK(selected->algorithm->choose(query) < 3);
        }
    }
}

TEST_CASE("parts of requests that are hashed") {
    CHECK(sdbm("") == 0);
    CHECK(sdbm("/") == 47);
    CHECK(sdbm("\xff") == 255);  // bytes are unsigned
    CHECK(main_domain("haproxy.1wt.eu") == "1wt");
    CHECK(main_domain("www.example.com:8080") == "example");
    CHECK(main_domain("localhost") == "localhost");
    CHECK(main_domain("example.com") == "example");
    CHECK(query_value("a=1&user=x&b=2", "user") == "x");
    CHECK(query_value("superuser=1&user=2", "user") == "2");
    CHECK(query_value("user", "user") == std::nullopt);
    CHECK(query_value("user=", "user") == "");
    CHECK(query_value("", "user") == std::nullopt);
}
