#include <cstdio>
#include <fstream>
#include <list>

#include "proxyd/rules/compiled_acl.h"
#include "proxyd/rules/expression.h"
#include "proxyd/rules/jump_table.h"
#include "proxyd/rules/patterns/list.h"
#include "rules_fixture.h"

using namespace proxyd::rules;
using test::words;

namespace {

struct File {
    std::string path = "/tmp/pattern_test_" + std::to_string(::getpid());
    explicit File(std::string_view text) { std::ofstream(path) << text; }
    ~File() { std::remove(path.c_str()); }
};

std::string value_of(test::Exchange& x, Catalogue& catalogue, const std::string& text) {
    INFO(text);
    const auto expression = Expression::parse(text, &catalogue);
    if (!expression) FAIL(expression.error().text);
    Sample sample;
    if (!expression->evaluate(x.context, sample)) return "-";
    TextBuffer buffer;
    return std::string(to_text(sample, buffer));
}

std::string refusal_of(Catalogue& catalogue, const std::string& text) {
    const auto expression = Expression::parse(text, &catalogue);
    return expression ? "accepted" : expression.error().text;
}

// The pattern that the list answers with, "-" for none.
std::string first(PatternList& list, std::string_view method, std::string_view subject,
                  PatternFlags flags = {}) {
    const auto index = list.index(*find_match_method(method), flags);
    if (!index) return index.error().text;
    common::Arena arena;
    Sample sample;
    sample.set_text(subject);
    REQUIRE(cast(sample, (*index)->method->input, &arena));
    const PatternEntry* found = (*index)->live->match(sample);
    return found == nullptr ? "-" : found->pattern;
}

}  // namespace

TEST_CASE("which entry of a list answers") {
    struct Row {
        const char* method;
        std::vector<const char*> patterns;
        const char* subject;
        const char* found;
        const char* found_folded;
    };
    for (const Row& row : {
             Row{"str", {"b", "A", "a"}, "a", "a", "A"},
             Row{"str", {"b"}, "a", "-", "-"},
             Row{"beg", {"/a", "/a/b", "/"}, "/a/b/c", "/a/b", "/a"},  // longest; in list order when folded
             Row{"beg", {"", "/x"}, "/y", "", ""},
             Row{"end", {"b.c", ".c", "a.b.c"}, "a.b.c", "b.c", "b.c"},
             Row{"end", {"xa.b.c"}, "a.b.c", "-", "-"},
             Row{"sub", {"zzz", "bcd", "abcd"}, "xabcde", "bcd", "bcd"},
             Row{"sub", {"BCDEFGHIJ", "x", "bcdefghij"}, "abcdefghijk", "bcdefghij", "BCDEFGHIJ"},
             Row{"sub", {"ab", "abc", "abcdefgh"}, "ab", "ab", "ab"},
             Row{"sub", {"", "a"}, "b", "", ""},
             // More than are sought in turn.
             Row{"sub", {"1", "22", "333", "zzz", "bcd", "abcd"}, "xabcde", "bcd", "bcd"},
             Row{"sub",
                 {"1", "2", "BCDEFGHIJ", "x", "y", "bcdefghij"},
                 "abcdefghijk",
                 "bcdefghij",
                 "BCDEFGHIJ"},
             Row{"sub", {"1", "2", "3", "4", "5", "", "a"}, "b", "", ""},
             Row{"dir", {"b/c", "c"}, "/a/b/c", "b/c", "b/c"},
             Row{"dir", {"/c/"}, "/a/c?x", "/c/", "/c/"},
             Row{"dir", {"a/b"}, "/xa/b", "-", "-"},
             Row{"dom", {"example.com"}, "www.EXAMPLE.com:80", "-", "example.com"},
             Row{"dom", {"ample.com", "com"}, "www.example.com", "com", "com"},
             Row{"reg", {"^b", "^.a"}, "ba", "^b", "^b"},
             Row{"int", {"10:20", "15", "5:12"}, "15", "10:20", "10:20"},
             Row{"int", {"15", "10:20"}, "15", "15", "15"},
             Row{"int", {"30:", ":-1", "11:12", "5:20"}, "13", "5:20", "5:20"},
             Row{"int", {"30:", ":-1", "11:12", "5:20"}, "12", "11:12", "11:12"},
             Row{"int", {"30:", ":-1"}, "-9223372036854775808", ":-1", ":-1"},
             Row{"int", {"30:", ":-1"}, "9223372036854775807", "30:", "30:"},
             Row{"int", {"30:", ":-1"}, "29", "-", "-"},
             Row{"len", {"3", "2:4"}, "abc", "3", "3"},
             Row{"ip", {"10.0.0.0/8", "10.1.0.0/16", "0.0.0.0/0"}, "10.1.2.3", "10.1.0.0/16", "10.1.0.0/16"},
             Row{"ip", {"10.0.0.0/8", "10.1.0.0/16", "0.0.0.0/0"}, "10.2.2.3", "10.0.0.0/8", "10.0.0.0/8"},
             Row{"ip", {"10.0.0.0/8", "10.1.0.0/16", "0.0.0.0/0"}, "11.2.2.3", "0.0.0.0/0", "0.0.0.0/0"},
             Row{"ip", {"10.0.0.0/255.0.255.0"}, "10.9.0.1", "10.0.0.0/255.0.255.0", "10.0.0.0/255.0.255.0"},
             Row{"ip", {"2001:db8::/33", "2001:db8::1"}, "2001:db8::1", "2001:db8::1", "2001:db8::1"},
             Row{"ip", {"::ffff:10.0.0.0/104"}, "10.1.1.1", "::ffff:10.0.0.0/104", "::ffff:10.0.0.0/104"},
             Row{"ip", {"10.0.0.0/8"}, "::ffff:10.1.1.1", "10.0.0.0/8", "10.0.0.0/8"},
             Row{"bin", {"6162", "61"}, "ab", "6162", "6162"},
         }) {
        PatternList list({}, false);
        for (const char* pattern : row.patterns) REQUIRE(list.append(pattern));
        INFO(row.method << " " << row.subject);
        CHECK(first(list, row.method, row.subject) == row.found);
        CHECK(first(list, row.method, row.subject, {true, false}) == row.found_folded);
    }
}

TEST_CASE("a list of substrings grows and shrinks while it is used") {
    PatternList list({}, true);
    for (int i = 0; i < 9; ++i) {
        CHECK(first(list, "sub", "a<" + std::to_string(i) + ">b") == "-");
        REQUIRE(list.add("<" + std::to_string(i) + ">", {}));
        for (int known = 0; known <= i; ++known) {
            const std::string pattern = "<" + std::to_string(known) + ">";
            CHECK(first(list, "sub", "a" + pattern + "b") == pattern);
        }
    }
    for (int i = 0; i < 9; ++i) {
        const std::string pattern = "<" + std::to_string(i) + ">";
        CHECK(list.remove(pattern));
        CHECK(first(list, "sub", "a" + pattern + "b") == "-");
        CHECK(first(list, "sub", "a<8>b") == (i == 8 ? "-" : "<8>"));
    }
}

TEST_CASE("every index forgets what is removed, and doubles come to light") {
    for (const char* method : {"str", "beg", "end", "sub", "dir", "dom", "reg", "bin", "int", "len", "ip"}) {
        INFO(method);
        const std::string pattern = std::string_view(method) == "ip" ? "10.0.0.0/8" : "12";
        const std::string subject = std::string_view(method) == "ip"    ? "10.1.1.1"
                                    : std::string_view(method) == "bin" ? "\x12"
                                    : std::string_view(method) == "len" ? "abcdefghijkl"
                                                                        : "12";
        PatternList list({}, true);
        REQUIRE(list.append(pattern, "one"));
        CHECK(first(list, method, subject) == pattern);
        REQUIRE(list.add(pattern, "two"));
        const auto index = list.index(*find_match_method(method), {});
        common::Arena arena;
        Sample sample;
        sample.set_text(subject);
        REQUIRE(cast(sample, (*index)->method->input, &arena));
        const PatternEntry* entry = (*index)->live->match(sample);
        REQUIRE(entry != nullptr);
        CHECK(entry->value == "one");
        CHECK(list.remove_reference(entry->reference()));
        entry = (*index)->live->match(sample);
        REQUIRE(entry != nullptr);
        CHECK(entry->value == "two");
        CHECK(list.remove(pattern));
        CHECK_FALSE(list.remove(pattern));
        CHECK((*index)->live->match(sample) == nullptr);
        REQUIRE(list.add(pattern, "three"));
        CHECK((*index)->live->match(sample)->value == "three");
        list.clear();
        CHECK((*index)->live->match(sample) == nullptr);
    }
}

TEST_CASE("a prepared version serves when it is committed") {
    PatternList list({}, false);
    REQUIRE(list.append("old"));
    CHECK(first(list, "str", "old") == "old");
    const unsigned version = list.prepare();
    CHECK(version == 1);
    REQUIRE(list.add("new", {}, version));
    CHECK(first(list, "str", "new") == "-");
    CHECK(list.size() == 2);
    REQUIRE(list.commit(version));
    CHECK(first(list, "str", "new") == "new");
    CHECK(first(list, "str", "old") == "-");
    CHECK_FALSE(list.commit(version));
    CHECK_FALSE(list.add("x", {}, 7));
}

TEST_CASE("an entry that one index refuses is in none") {
    PatternList list({}, false);
    CHECK(first(list, "str", "(") == "-");
    CHECK(first(list, "reg", "(") == "-");
    CHECK_FALSE(list.add("(", {}));
    CHECK(first(list, "str", "(") == "-");
    CHECK(list.size() == 0);
}

TEST_CASE("maps answer with values of their type") {
    const File file(
        "# comment\n  a.com   be 1  \n\nb.com 7\n10.0.0.0/8 10.9.9.9\n^/(a+)/(.*)$ /\\2/\\1\n5:9 few\n");
    const File& m = file;
    test::Exchange x;
    Catalogue catalogue;
    CHECK(value_of(x, catalogue, "str(a.com),map(" + m.path + ")") == "be 1");
    CHECK(value_of(x, catalogue, "str(b.com),map_str(" + m.path + ",none)") == "7");
    CHECK(value_of(x, catalogue, "str(c.com),map(" + m.path + ",none)") == "none");
    CHECK(value_of(x, catalogue, "str(c.com),map(" + m.path + ")") == "-");
    CHECK(value_of(x, catalogue, "str(b.com.au),map_beg(" + m.path + ")") == "7");
    CHECK(value_of(x, catalogue, "str(www.b.com),map_end(" + m.path + ")") == "7");
    CHECK(value_of(x, catalogue, "str(www.b.com:80),map_dom(" + m.path + ")") == "7");
    CHECK(value_of(x, catalogue, "str(xb.comx),map_sub(" + m.path + ")") == "7");
    CHECK(value_of(x, catalogue, "str(/aa/b),map_regm(" + m.path + ")") == "/b/aa");
    CHECK(value_of(x, catalogue, "str(/aa/b),map_reg(" + m.path + ")") == "/\\2/\\1");
    CHECK(refusal_of(catalogue, "str(x),map_int(" + m.path + ")").find("'a.com'") != std::string::npos);
    CHECK(refusal_of(catalogue, "src,map_ip(" + m.path + ")").find("a.com") != std::string::npos);
    CHECK(refusal_of(catalogue, "str(x),map_str_int(" + m.path + ")").find("not a whole number") !=
          std::string::npos);
    CHECK(refusal_of(catalogue, "str(x),map(/none)").find("cannot read") != std::string::npos);
    CHECK(catalogue.patterns.all().size() == 1);
}

TEST_CASE("maps by number and network; defaults are of the type") {
    test::Exchange x;
    Catalogue catalogue;
    {
        const File numbers("5:9 1\n7 2\n");
        CHECK(value_of(x, catalogue, "int(6),map_int_int(" + numbers.path + ",0)") == "1");
        CHECK(value_of(x, catalogue, "int(4),map_int_int(" + numbers.path + ",-3)") == "-3");
        CHECK(refusal_of(catalogue, "int(4),map_int_int(" + numbers.path + ",x)")
                  .find("not of the map's type") != std::string::npos);
    }
    Catalogue other;
    const File networks("192.0.2.0/24 198.51.100.1\n192.0.2.7 198.51.100.7\n");
    CHECK(value_of(x, other, "src,map_ip(" + networks.path + ")") == "198.51.100.7");
    CHECK(value_of(x, other, "dst,map_ip(" + networks.path + ",else)") == "else");
    CHECK(value_of(x, other, "src,map_ip_ip(" + networks.path + "),ipmask(24)") == "198.51.100.0");
}

TEST_CASE("one file for several acls; its changes reach all of them") {
    const File file("a.com\nb.com\n");
    test::Exchange x("/", {{"Host", "C.com"}});
    common::Diagnostics diagnostics;
    AclSet acls;
    REQUIRE(acls.add(words("exact hdr(host) -f " + file.path), {"t", 1}, diagnostics));
    REQUIRE(acls.add(words("folded hdr(host) -i -f " + file.path), {"t", 2}, diagnostics));
    REQUIRE(acls.add(words("named hdr(host) -i -u 42 x.com"), {"t", 3}, diagnostics));
    PatternStore& store = acls.catalogue()->patterns;
    store.number();
    PatternList* const list = store.find(file.path, false);
    REQUIRE(list != nullptr);
    CHECK(list->description() == "pattern loaded from file '" + file.path +
                                     "' used by acl at file 't' line 1, by acl at file 't' line 2");
    const auto holds = [&](const char* name) { return acls.find(name)->evaluate(x.context); };
    CHECK_FALSE(holds("folded"));
    REQUIRE(list->add("c.com", {}));
    CHECK(holds("folded"));
    CHECK_FALSE(holds("exact"));
    CHECK_FALSE(holds("named"));
    REQUIRE(store.find("#42", false) != nullptr);
    CHECK(store.find("#42", true) == nullptr);
    REQUIRE(store.find("#42", false)->add("c.com", {}));
    CHECK(holds("named"));
}

TEST_CASE("rules change lists") {
    const File file("a 1\n");
    test::Exchange x("/k", {{"Host", "v"}});
    common::Diagnostics diagnostics;
    AclSet acls;
    RuleSet rules;
    for (const std::string& line :
         {"set-map(" + file.path + ") %[path] %[req.hdr(host)]", "set-map(" + file.path + ") a 2",
          std::string("add-acl(seen) %[path]"), std::string("add-acl(seen) %[path]"),
          std::string("add-acl(seen) gone"), std::string("del-acl(seen) gone")}) {
        INFO(line);
        REQUIRE(rules.add(Phase::http_request, words(line), acls, {"t", 1}, diagnostics));
    }
    rules.run(x.context);
    // Named by a rule first, read by a map afterwards: its file comes after what the rule has put there.
    CHECK(value_of(x, *acls.catalogue(), "path,map(" + file.path + ")") == "v");
    CHECK(value_of(x, *acls.catalogue(), "str(a),map(" + file.path + ")") == "2");
    CHECK(acls.catalogue()->patterns.find("seen", false)->size() == 1);
}

namespace {

// The rule that `use_backend` lines with these conditions choose, by table and one by one.
struct Routes {
    AclSet acls;
    std::list<Condition> conditions;
    JumpTable table;

    explicit Routes(const std::vector<std::string>& lines, const std::vector<std::string>& named = {}) {
        common::Diagnostics diagnostics;
        for (const auto& line : named) REQUIRE(acls.add(words(line), {"t", 1}, diagnostics));
        for (const auto& line : lines) {
            INFO(line);
            REQUIRE(compile_condition(words(line), acls, {"t", 1}, diagnostics, conditions.emplace_back()));
        }
        std::vector<const Condition*> pointers;
        for (const Condition& condition : conditions) pointers.push_back(&condition);
        table.build(pointers);
    }
    std::size_t one_by_one(const Context& context) const {
        std::size_t i = 0;
        for (const Condition& condition : conditions) {
            if (condition.evaluate(context)) return i;
            ++i;
        }
        return i;
    }
};

}  // namespace

TEST_CASE("a jump table chooses what trying each rule chooses") {
    const Routes routes(
        {"if { hdr(host) -i a.com b.com }", "if { hdr(host) -i B.com c.com }", "if api",
         "if { hdr(host) -i d.com } { path_beg /x }", "unless { hdr(host) -i e.com f.com d.com g.com }",
         "if { hdr(host) f.com }", "if { hdr(host) e.com }", "if { hdr(host) g.com }"},
        {"api hdr(host) -i api.com", "api hdr(host) -i api2.com"});
    CHECK(routes.table.longest_run() == 3);
    for (const char* host : {"a.com", "A.COM", "b.com", "c.com", "api.com", "api2.com", "d.com", "e.com",
                             "E.com", "f.com", "g.com", "z.com"}) {
        const test::Exchange x("/x", {{"Host", host}});
        INFO(host);
        CHECK(routes.table.find(x.context) == routes.one_by_one(x.context));
    }
    const test::Exchange several("/", {{"Host", "c.com"}, {"Host", "a.com"}});
    CHECK(routes.table.find(several.context) == 0);
    const test::Exchange none("/", {});
    CHECK(routes.table.find(none.context) == routes.one_by_one(none.context));
}

TEST_CASE("a jump table steps aside when an operator changes a rule's list") {
    const Routes routes(
        {"if { hdr(host) -i a.com }", "if { hdr(host) -i -u 7 b.com }", "if { hdr(host) -i c.com }"});
    const test::Exchange x("/", {{"Host", "new.com"}});
    CHECK(routes.table.find(x.context) == 3);
    REQUIRE(routes.acls.catalogue()->patterns.find("#7", false)->add("new.com", {}));
    CHECK(routes.table.find(x.context) == 1);
}

TEST_CASE("a thousand rules on one sample are one run") {
    std::vector<std::string> lines;
    for (int i = 0; i < 1000; ++i) lines.push_back("if { hdr(host) -i host" + std::to_string(i) + ".com }");
    const Routes routes(lines);
    CHECK(routes.table.longest_run() == 1000);
    const test::Exchange x("/", {{"Host", "HOST999.com"}});
    CHECK(routes.table.find(x.context) == 999);
}

TEST_CASE("rules that ask several samples in turn are one look-up for each sample") {
    const Routes routes(
        {"if { hdr(host) -i a.com }", "if { path_beg /b/ }", "if { hdr(x-site) c }",
         "if { path_beg /b /d/ } !{ hdr(host) -i z.com }", "if { hdr(host) -i d.com }",
         "if { path_beg /b/long /e }", "if { hdr(x-site) f }", "if mixed", "if { hdr(host) -i g.com z.com }"},
        {"mixed hdr(x-site) g", "mixed path_beg /g"});
    CHECK(routes.table.longest_run() == 3);
    for (const char* host : {"a.com", "d.com", "G.com", "z.com", "none"}) {
        for (const char* path : {"/", "/b", "/b/", "/b/long", "/d/x", "/e", "/g", "/nothing"}) {
            for (const char* site : {"c", "f", "g", "C", "none"}) {
                const test::Exchange x(path, {{"Host", host}, {"X-Site", site}});
                INFO(host << " " << path << " " << site);
                CHECK(routes.table.find(x.context) == routes.one_by_one(x.context));
            }
        }
    }
}

TEST_CASE("a sample that a rule in between may change is taken again") {
    const Routes routes({"if { var(txn.site) -m str a }",
                         "if { hdr(x-site),set-var(txn.site) -m found } FALSE",
                         "if { var(txn.site) -m str b }", "if { var(txn.site) -m str c }"});
    test::Exchange x("/", {{"X-Site", "c"}});
    ExchangeVariables variables;
    x.context.variables = &variables;
    CHECK(routes.table.find(x.context) == 3);
    CHECK(routes.table.longest_run() == 2);
}
