#include "proxyd/rules/regex.h"

#include <catch2/catch.hpp>

using proxyd::rules::Regex;

TEST_CASE("expressions that explode give up and count, wherever the cost lies") {
    const std::string a(8000, 'a'), x(8000, 'x');
    std::string mixed;
    for (int i = 0; i < 2000; ++i) mixed += "ab/.";
    struct Row {
        const char* pattern;
        std::string subject;
    };
    for (const Row& row : {Row{"(.*)(.*)(.*)\\.php$", a}, Row{"(.*)(.*)(.*)\\.php$", mixed},
                           Row{"(a+)+$", a + "!"}, Row{"(a|aa)+$", a + "!"}, Row{"([^b]*)*c", a},
                           Row{"[^b]*[^c]*[^d]*x", a}, Row{"(x+x+)+y", x}, Row{"a*a*a*a*b", a}}) {
        INFO(row.pattern);
        const auto before = Regex::abandoned();
        CHECK_FALSE(Regex::compile(row.pattern, false)->search(row.subject));
        CHECK(Regex::abandoned() == before + 1);
    }
}

TEST_CASE("ordinary expressions on long subjects have room enough") {
    const std::string a(8000, 'a');
    const auto before = Regex::abandoned();
    CHECK(Regex::compile("^/foo/(.*)$", false)->search("/foo/" + a));
    CHECK(Regex::compile("\\.(gif|jpg)$", false)->search(a + ".jpg"));
    CHECK_FALSE(Regex::compile("[a-z]+\\.html", false)->search(a));
    CHECK(Regex::compile("^(.*)/(.*)\\.php$", false)->search("/" + a + "/x.php"));
    CHECK(Regex::abandoned() == before);
}

TEST_CASE("substitutes take groups, bytes and all matches") {
    std::string out;
    CHECK(Regex::compile("^/a(.*)b", false)->replace("/axxb/q", "\\1-\\0\\x41\\\\", false, out));
    CHECK(out == "xx-/axxbA\\/q");
    out.clear();
    CHECK(Regex::compile("a", true)->replace("aXA", "<\\0>", true, out));
    CHECK(out == "<a>X<A>");
    out.clear();
    CHECK(Regex::compile("^a", false)->replace("aaa", "b", true, out));
    CHECK(out == "baa");
    out.clear();
    CHECK(Regex::compile("x*", false)->replace("ab", "-", true, out));
    CHECK(out == "-a-b-");
    out = "kept";
    CHECK_FALSE(Regex::compile("z", false)->replace("ab", "-", true, out));
    CHECK(out == "kept");
    CHECK(Regex::compile("(b)(c)?", false)->expand("abd", "[\\1|\\2|\\9]", out));
    CHECK(out == "kept[b||]");
    CHECK_FALSE(Regex::compile("(", false));
    CHECK(Regex::compile("FOO", true)->search("xfoo"));
    CHECK_FALSE(Regex::compile("a.b", false)->search("a\nb"));
}
