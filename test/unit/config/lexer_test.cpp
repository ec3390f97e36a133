#include "proxyd/config/lexer.h"

#include <catch2/catch.hpp>
#include <map>

using namespace proxyd::config;

namespace {

std::optional<std::string> lookup(std::string_view name) {
    static const std::map<std::string, std::string, std::less<>> values{
        {"FOO", "foo"}, {"LIST", "a  b c"}, {"EMPTY", ""}, {".LINE", "7"}, {"TRICKY", "x\"y #z"}};
    const auto it = values.find(name);
    return it == values.end() ? std::nullopt : std::optional(it->second);
}

struct Good {
    std::string_view line;
    Words words;
};

struct Bad {
    std::string_view line;
    std::size_t column;
    std::string_view text;
};

}  // namespace

// Every row was compared with what Debian's haproxy prints for `.notice WORD`, but for the two marked ones.
TEST_CASE("lines are cut as HAProxy cuts them") {
    const Good rows[] = {
        {"", {}},
        {"   \t ", {}},
        {"# only a comment", {}},
        {"a b\tc", {"a", "b", "c"}},
        {"ab#cd", {"ab"}},
        {"global#this is", {"global"}},
        {R"(a\ b\tc\x41\#\$\"\'\\ #c)", {"a b\tcA#$\"'\\"}},
        {R"("a\ b\tc\x41\#\$\"\'\\\q\0")", {"a b\tcA#$\"'\\\\q\\0"}},
        {R"('a\ b"$FOO'"x"'y')", {R"(a\ b"$FOOxy)"}},
        {"a\\\tb", {"a\tb"}},  // as the manual's table says
        {"\"\" ''", {"", ""}},
        {"\"$FOO-${FOO}x\"", {"foo-foox"}},
        {"$FOO ${FOO}", {"$FOO", "${FOO}"}},
        {"'$FOO'", {"$FOO"}},
        {"\"${NOPE-def ault}:514\"", {"def ault:514"}},
        {"\"${EMPTY-default}\"", {""}},
        {"\"${NOPE-}\"", {""}},  // HAProxy 2.6 trips over this one
        {"\"$NOPE\"", {""}},
        {"\"${LIST[*]}\" z", {"a", "b", "c", "z"}},
        {"x\"${LIST[*]}\"y", {"xa", "b", "cy"}},
        {"x\"${EMPTY[*]}\"y z", {"xy", "z"}},
        {"\"$LIST\"", {"a  b c"}},
        {"\"$TRICKY\"", {"x\"y #z"}},
        {"\"$.LINE.x\"", {"7.x"}},
        {"end\\", {"end\\"}},
        {"caf\xc3\xa9 \xb1\xea", {"caf\xc3\xa9", "\xb1\xea"}},
        {"last word\r", {"last", "word"}},
    };
    for (const Good& row : rows) {
        CAPTURE(row.line);
        const auto words = tokenize(row.line, lookup);
        REQUIRE(words);
        CHECK(*words == row.words);
    }
}

TEST_CASE("what cannot be cut is refused at its column") {
    const Bad rows[] = {
        {"a \"bc", 3, "unmatched quote"},
        {"a 'bc", 3, "unmatched quote"},
        {"\\xZZ", 1, "hexadecimal"},
        {"abc\\x4", 4, "hexadecimal"},
        {"\\x00", 1, "\\x00"},
        {"\"$\"", 3, "first character"},
        {"\"$1\"", 3, "first character"},
        {"\"${1}\"", 4, "first character"},
        {"\"${FOO BAR}\"", 2, "unmatched brace"},
        {"\"${FOO", 2, "unmatched brace"},
        {"\"${FOO-x", 2, "unmatched brace"},
        {"\"${FOO.BAR}\"", 2, "unmatched brace"},
    };
    for (const Bad& row : rows) {
        CAPTURE(row.line);
        const auto words = tokenize(row.line, lookup);
        REQUIRE_FALSE(words);
        CHECK(words.error().column == row.column);
        CHECK_THAT(words.error().text, Catch::Contains(std::string(row.text)));
    }
}

TEST_CASE("every prefix of a line ends in words or in an error inside the line") {
    const std::string_view line = R"(bind "fd@${FOO}" 'a b' x\ y\x41 "${NOPE-d}${LIST[*]}" # c)";
    for (std::size_t size = 0; size <= line.size(); ++size) {
        const auto words = tokenize(line.substr(0, size), lookup);
        if (!words) CHECK(words.error().column <= size + 1);
    }
}

TEST_CASE("lines end with LF or CRLF, the last one with neither") {
    CHECK(split_lines("").lines.empty());
    CHECK(split_lines("").final_newline);
    const auto both = split_lines("a\r\nb\n\nc");
    CHECK(both.lines == std::vector<std::string_view>{"a", "b", "", "c"});
    CHECK_FALSE(both.final_newline);
    CHECK(split_lines("a\n").final_newline);
}

TEST_CASE("control characters are found with their line") {
    using namespace std::string_view_literals;
    CHECK_FALSE(find_foreign_byte("a\tb\r\n\f\v\xff"));
    const auto nul = find_foreign_byte("a\nb\0c"sv);
    REQUIRE(nul);
    CHECK(nul->line == 2);
    CHECK(nul->value == 0);
    CHECK(find_foreign_byte("\x1b[0m")->value == 0x1b);
}
