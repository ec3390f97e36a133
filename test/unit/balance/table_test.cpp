#include <catch2/catch.hpp>

#include <algorithm>

#include "proxyd/balance/algorithm.h"

using namespace proxyd::balance;

namespace {

struct Case {
    const char* name;
    std::vector<std::string> words;
    const char* complaint;  // a part of the sentence; nullptr: accepted
};

const std::vector<Case> kCases{
    {"roundrobin", {}, nullptr},
    {"static-rr", {}, nullptr},
    {"leastconn", {}, nullptr},
    {"first", {}, nullptr},
    {"source", {}, nullptr},
    {"random", {}, nullptr},
    {"random(4)", {}, nullptr},
    {"uri", {"whole", "len", "12", "depth", "3", "path-only"}, nullptr},
    {"hdr(Host)", {"use_domain_only"}, nullptr},
    {"url_param", {"id", "check_post", "64"}, nullptr},
    {"roundrobbin", {}, "did you mean 'roundrobin'"},
    {"roundrobin", {"x"}, "takes no argument"},
    {"roundrobin(3)", {}, "takes no argument"},
    {"random(0)", {}, "draws"},
    {"random(x)", {}, "draws"},
    {"random(2", {}, "parenthesis"},
    {"uri", {"len"}, "takes 'whole'"},
    {"uri", {"len", "x"}, "len"},
    {"hdr", {}, "hdr(NAME)"},
    {"hdr()", {}, "hdr(NAME)"},
    {"hdr(host)", {"x"}, "use_domain_only"},
    {"url_param", {}, "needs the name"},
    {"url_param", {"id", "x"}, "check_post"},
    {"", {}, "unknown"},
};

}  // namespace

TEST_CASE("what balance lines may say") {
    for (const Case& row : kCases) {
        const auto selected = select(row.name, row.words);
        INFO(row.name);
        CHECK(selected.has_value() == (row.complaint == nullptr));
        if (row.complaint != nullptr && !selected) {
            INFO(selected.error().text);
            CHECK(selected.error().text.find(row.complaint) != std::string::npos);
        }
    }
}

TEST_CASE("the table of algorithms is sorted, and each row says what it does") {
    CHECK(std::ranges::is_sorted(algorithms(), {}, &AlgorithmRow::name));
    for (const AlgorithmRow& row : algorithms()) CHECK(!row.help.empty());
}
