#include "proxyd/admin/cli_input.h"

#include <catch2/catch.hpp>

#include "test/support/splits.h"

using namespace proxyd::admin;

namespace {

// "a b|c d" for two commands, payload in braces, lines apart by a slash.
std::string text_of(const std::vector<Command>& commands) {
    std::string text;
    for (const Command& command : commands) {
        if (!text.empty()) text += '|';
        for (std::size_t i = 0; i < command.words.size(); ++i) text += (i ? " " : "") + command.words[i];
        if (!command.payload.empty()) text += "{" + command.payload + "}";
    }
    return text;
}

}  // namespace

TEST_CASE("lines, commands, words and payloads in every split") {
    struct Row {
        const char* input;
        const char* lines;
    };
    for (const Row& row :
         {Row{"show info\n", "show info/"}, Row{"show info;show stat\r\nquit\n", "show info|show stat/quit/"},
          Row{" ; ;show\t info ;\n", "show info/"}, Row{"\n\nx\n", "//x/"},
          Row{"add map a\\ b c\\;d\\\\\n", "add map a b c;d\\/"},
          Row{"set ssl cert x <<\nline 1\nline 2\n\nshow info\n",
              "set ssl cert x{line 1\nline 2\n}/show info/"},
          Row{"set x <<END\n\nb\nEND\n", "set x{\nb\n}/"}, Row{"set x <<\n\n", "set x/"},
          Row{"show a<<b\n", "show a<<b/"}, Row{"no end", "no end/"},
          Row{"set x <<\nopen", "set x{open\n}/"}}) {
        test_support::for_all_splits(row.input, [&](const test_support::Arrivals& arrivals) {
            CliInput input;
            std::string lines;
            const auto drain = [&] {
                while (const auto commands = input.next()) lines += text_of(*commands) + "/";
            };
            std::size_t seen = 0;
            for (const std::size_t size : arrivals) {
                REQUIRE(input.feed(std::string_view(row.input).substr(seen, size - seen)));
                seen = size;
                drain();
            }
            input.end();
            drain();
            INFO(row.input << ", first arrival " << arrivals.front());
            CHECK(lines == row.lines);
        });
    }
}

TEST_CASE("long lines and payloads are refused") {
    CliInput line;
    CHECK(line.feed(std::string(kMaxCommand, 'a')));
    CHECK_FALSE(line.feed("aa"));
    CliInput payload;
    bool accepted = payload.feed("set x <<\n");
    for (int i = 0; i < 10'000 && accepted; ++i) accepted = payload.feed("0123456789\n") && !payload.next();
    CHECK_FALSE(accepted);
    CliInput zeros;
    CHECK(zeros.feed(std::string_view("\0\0\n", 3)));
    CHECK(zeros.next()->front().words.front() == std::string("\0\0", 2));
}
