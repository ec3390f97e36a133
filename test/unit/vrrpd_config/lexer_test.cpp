#include "vrrpd/config/lexer.h"

#include <catch2/catch.hpp>

#include "vrrpd/config/tree.h"

using namespace vrrpd::config;

namespace {

// Words in brackets when quoted; braces as they are.
std::string shown(std::string_view line) {
    std::string out;
    for (const Token& token : lex_line(line).tokens) {
        if (!out.empty()) out += ' ';
        if (token.kind == TokenKind::open)
            out += '{';
        else if (token.kind == TokenKind::close)
            out += '}';
        else
            out += token.quoted ? "[" + token.text + "]" : token.text;
    }
    return out;
}

std::string shown(const std::vector<Statement>& block) {
    std::string out;
    for (const Statement& statement : block) {
        if (!out.empty()) out += "; ";
        for (std::size_t i = 0; i < statement.words.size(); ++i)
            out += (i ? " " : "") + statement.words[i].text;
        if (statement.has_block) out += " {" + shown(statement.block) + "}";
    }
    return out;
}

struct Parsed {
    std::string tree;
    common::Diagnostics diagnostics;
};

Parsed parse(std::string_view text) {
    std::vector<SourceLine> lines;
    int number = 0;
    while (!text.empty()) {
        const auto end = std::min(text.find('\n'), text.size());
        lines.push_back({std::string(text.substr(0, end)), {"f", ++number}});
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    Parsed out;
    out.tree = shown(parse_tree(lines, out.diagnostics));
    return out;
}

}  // namespace

TEST_CASE("lines") {
    const struct {
        std::string_view line, tokens;
    } rows[] = {
        {"", ""},
        {"   \t\r", ""},
        {"state MASTER", "state MASTER"},
        {"state\tMASTER  \r", "state MASTER"},
        {"state BACKUP #状态为BACKUP", "state BACKUP"},
        {"! comment", ""},
        {"a#b", "a"},
        {"a!b", "a"},
        {"a \\#b", "a #b"},
        {"a \"#b\"", "a [#b]"},
        {"interface #PUBLIC#", "interface"},
        {"[email protected]", "[email protected]"},
        {"vrrp_instance VI_1 {", "vrrp_instance VI_1 {"},
        {"vrrp_instance VI_1{", "vrrp_instance VI_1 {"},
        {"x { 10.0.0.1 }", "x { 10.0.0.1 }"},
        {"x {10.0.0.1}", "x {10.0.0.1}"},
        {"}}", "} }"},
        {"a} }", "a } }"},
        {"${NAME} $NAME", "${NAME} $NAME"},
        {"include /etc/{a,b}.conf", "include /etc/{a,b}.conf"},
        {"script \"killall -0 haproxy\"", "script [killall -0 haproxy]"},
        {"a\" b \"c", "[a b c]"},
        {"'it''s'", "[its]"},
        {"'\"'", "[\"]"},
        {"\"\\t\\x41\\101\\\"\\q\"", "[\tAA\"\\q]"},
        {"\"{\"", "[{]"},
        {"\"\"", "[]"},
    };
    for (const auto& row : rows) {
        CAPTURE(row.line);
        CHECK(shown(row.line) == row.tokens);
        CHECK_FALSE(lex_line(row.line).open_quote);
    }
    CHECK(lex_line("a \"b").open_quote);
    CHECK(lex_line("\"\\").open_quote);
}

TEST_CASE("every cut of a line, and every byte in it, is lexed") {
    const std::string line = "notify \"a\\x41\\101 'b'\" c\\# {x}{ } ${y} 'd\\";
    for (std::size_t size = 0; size <= line.size(); ++size) {
        const auto tokens = lex_line(std::string_view(line).substr(0, size)).tokens;
        CHECK(tokens.size() <= 12);
    }
    for (int byte = 0; byte < 256; ++byte) {
        for (std::size_t at = 0; at < line.size(); ++at) {
            std::string changed = line;
            changed[at] = static_cast<char>(byte);
            CHECK(lex_line(changed).tokens.size() <= 14);
        }
    }
}

TEST_CASE("commands are split as a shell would without expanding") {
    using Words = std::vector<std::string>;
    CHECK(split_command("killall -0 haproxy") == Words{"killall", "-0", "haproxy"});
    CHECK(split_command("/bin/sh -c 'exit 1'") == Words{"/bin/sh", "-c", "exit 1"});
    CHECK(split_command("a \"b c\" d\\ e ''") == Words{"a", "b c", "d e", ""});
    CHECK(split_command("  ").empty());
    CHECK(split_command("'open end") == Words{"open end"});
}

TEST_CASE("blocks") {
    const struct {
        std::string_view text, tree;
    } rows[] = {
        {"a 1\nb 2\n", "a 1; b 2"},
        {"a {\nb\n}\n", "a {b}"},
        {"a\n{\nb\n}\n", "a {b}"},
        {"a { b c }\nd", "a {b c}; d"},
        {"a {\nb { c }\n}\nd", "a {b {c}}; d"},
        {"a {\nb {\nc\n}}\nd", "a {b {c}}; d"},
        {"a {\n}\n", "a {}"},
        {"a {\n# b\n}\n", "a {}"},
        {"", ""},
    };
    for (const auto& row : rows) {
        CAPTURE(row.text);
        const Parsed parsed = parse(row.text);
        CHECK(parsed.tree == row.tree);
        CHECK(parsed.diagnostics.all().empty());
    }
}

TEST_CASE("blocks that do not fit are said with their line") {
    const Parsed extra = parse("a {\n}\n}\nb\n");
    CHECK(extra.tree == "a {}; b");
    REQUIRE(extra.diagnostics.all().size() == 1);
    CHECK(extra.diagnostics.all()[0].line == 3);
    CHECK_FALSE(extra.diagnostics.has_errors());

    const Parsed cut = parse("a {\nb {\nc\n");
    CHECK(cut.tree == "a {b {c}}");
    CHECK(cut.diagnostics.error_count() == 1);
    CHECK(cut.diagnostics.all()[0].line == 2);

    const Parsed nameless = parse("a {\n}\n{\nb\n}\nc\n");
    CHECK(nameless.tree == "a {}; c");
    CHECK(nameless.diagnostics.has_warnings());
}

TEST_CASE("nesting is bounded") {
    std::string text;
    for (int i = 0; i < 10'000; ++i) text += "a {\n";
    const Parsed deep = parse(text + "b");
    CHECK(deep.diagnostics.has_errors());
    for (int i = 0; i < 10'000; ++i) text += "}\n";
    CHECK(parse(text).diagnostics.error_count() == 1);
}
