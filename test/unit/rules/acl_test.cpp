#include "proxyd/rules/acl.h"

#include <cstdio>
#include <fstream>

#include "rules_fixture.h"

using namespace proxyd::rules;
using test::Exchange;
using test::words;

namespace {

// Evaluates `if { CRITERION ... }`, or nothing when it is refused.
std::optional<bool> holds(const Context& context, std::string_view text, const AclSet& acls = {}) {
    common::Diagnostics diagnostics;
    Condition condition;
    auto line = words(text);
    line.insert(line.begin(), "if");
    if (!compile_condition(line, acls, {}, diagnostics, condition)) {
        UNSCOPED_INFO(test::first_message(diagnostics));
        return std::nullopt;
    }
    return condition.evaluate(context);
}

std::string refusal(std::string_view text, const AclSet& acls = {}) {
    common::Diagnostics diagnostics;
    Condition condition;
    auto line = words(text);
    REQUIRE_FALSE(compile_condition(line, acls, {}, diagnostics, condition));
    return test::first_message(diagnostics);
}

struct Row {
    const char* condition;
    bool expected;
};

}  // namespace

TEST_CASE("criteria match as the manual says") {
    Exchange x("/img/logo.png?name=Foo&id=42", {{"Host", "Static.Example.com:8080"},
                                                {"X-List", "alpha, \"b,c\" ,gamma"},
                                                {"Cookie", "a=1; SEEN=yes; a=2"},
                                                {"Content-Length", "17"},
                                                {"X-Forwarded-For", "10.1.2.3, 172.16.0.9:99"},
                                                {"X-Forwarded-For", "2001:db8::5"}});
    for (const Row& row : {
             Row{"{ path /img/logo.png }", true},
             Row{"{ path /img }", false},
             Row{"{ path_beg /static /img }", true},
             Row{"{ path_beg /images }", false},
             Row{"{ path_end .gif .png }", true},
             Row{"{ path_end .PNG }", false},
             Row{"{ path_end -i .PNG }", true},
             Row{"{ path_sub logo }", true},
             Row{"{ path_dir img }", true},
             Row{"{ path_dir im }", false},
             Row{"{ path_reg ^/img/[a-z]+\\.png$ }", true},
             Row{"{ path_len 13 }", true},
             Row{"{ path_len lt 13 }", false},
             Row{"{ path -m beg /im }", true},
             Row{"{ path_beg -m end .png }", true},
             Row{"{ pathq /img/logo.png?name=Foo&id=42 }", true},
             Row{"{ query -m sub id=42 }", true},
             Row{"{ url_param(name) Foo }", true},
             Row{"{ urlp(name) foo }", false},
             Row{"{ urlp(name) -i foo }", true},
             Row{"{ urlp_val(id) ge 42 }", true},
             Row{"{ urlp(none) -m found }", false},
             Row{"{ hdr(host) static.example.com:8080 }", false},
             Row{"{ hdr(host) -i static.example.com:8080 }", true},
             Row{"{ hdr_dom(host) -i example.com }", true},
             Row{"{ hdr_dom(host) -i xample.com }", false},
             Row{"{ hdr_beg(host) -i static. }", true},
             Row{"{ hdr(x-list) gamma }", true},
             Row{"{ hdr(x-list) \"b,c\" }", true},
             Row{"{ hdr(x-list,1) gamma }", false},
             Row{"{ hdr(x-list,-1) gamma }", true},
             Row{"{ hdr_cnt(x-list) 3 }", true},
             Row{"{ req.fhdr_cnt(x-list) 1 }", true},
             Row{"{ req.fhdr(x-list) -m beg alpha, }", true},
             Row{"{ hdr_cnt(x-none) 0 }", true},
             Row{"{ hdr(x-none) -m found }", false},
             Row{"{ hdr_val(content-length) gt 0 }", true},
             Row{"{ hdr_val(content-length) 10:20 }", true},
             Row{"{ hdr_val(content-length) :16 }", false},
             Row{"{ hdr_ip(x-forwarded-for) 10.0.0.0/8 }", true},
             Row{"{ hdr_ip(x-forwarded-for) 172.16.0.9 }", true},
             Row{"{ hdr_ip(x-forwarded-for,-1) 2001:db8::/32 }", true},
             Row{"{ cook(SEEN) yes }", true},
             Row{"{ cook(seen) yes }", false},
             Row{"{ cook(a) 1 }", true},
             Row{"{ cook_cnt(a) 2 }", true},
             Row{"{ cook_val(a) 2 }", true},
             Row{"{ src 192.0.2.0/24 }", true},
             Row{"{ src 192.0.2.8 10.0.0.0/8 }", false},
             Row{"{ src ::ffff:192.0.2.7 }", true},
             Row{"{ dst 192.168.4.90 }", true},
             Row{"{ dst 192.168.1/16 }", true},
             Row{"{ dst_port 80 443 }", true},
             Row{"{ src_port gt 1024 }", true},
             Row{"{ method GET HEAD }", true},
             Row{"{ method POST }", false},
             Row{"{ ssl_fc }", false},
             Row{"{ ssl_fc,not }", true},
             Row{"{ always_true }", true},
             Row{"{ int(5) gt 4 }", true},
             Row{"{ str(abc) -m beg ab }", true},
             Row{"{ str(10.1.2.3) -m ip 10.0.0.0/8 }", true},
             Row{"{ hdr(host),lower -m beg static. }", true},
             Row{"{ path,length 13 }", true},
             Row{"{ path,field(-1,/) logo.png }", true},
             Row{"{ bin(48656c6c6f) -m bin 48656c6c6f }", true},
             Row{"{ req.ver 1.1 }", true},
             Row{"{ base -m beg Static }", true},
             Row{"METH_GET", true},
             Row{"METH_POST", false},
             Row{"HTTP_1.1", true},
             Row{"HTTP_URL_SLASH", true},
             Row{"HTTP_URL_ABS", false},
             Row{"HTTP_CONTENT", true},
             Row{"LOCALHOST", false},
             Row{"TRUE !FALSE", true},
             Row{"FALSE || TRUE", true},
             Row{"FALSE or FALSE TRUE", false},
             Row{"TRUE FALSE or TRUE", true},
             Row{"!{ path_beg /x } METH_GET", true},
             Row{"! METH_POST", true},
         }) {
        INFO(row.condition);
        const auto result = holds(x.context, row.condition);
        REQUIRE(result.has_value());
        CHECK(*result == row.expected);
    }
}

TEST_CASE("samples without a value never match, and negation turns that") {
    Exchange x;
    x.context.request = nullptr;
    CHECK(holds(x.context, "{ path_beg / }") == false);
    CHECK(holds(x.context, "!{ path_beg / }") == true);
    CHECK(holds(x.context, "{ status 200 }") == false);
    x.with_response({{"X-A", "1"}});
    CHECK(holds(x.context, "{ status 200:299 }") == true);
    CHECK(holds(x.context, "{ res.hdr(x-a) 1 }") == true);
}

TEST_CASE("an acl line of the tutorial: operators are patterns, with a warning") {
    common::Diagnostics diagnostics;
    AclSet acls;
    REQUIRE(acls.add(words("lashoupay-4.90 path_beg /lashoupay/lashoupay || dst 192.168.4.90"),
                     {"haproxy.cfg", 33}, diagnostics));
    REQUIRE(diagnostics.all().size() == 1);
    CHECK(diagnostics.all()[0].severity == common::Severity::warning);
    CHECK(diagnostics.all()[0].message.find("an acl line knows no operators: '||'") != std::string::npos);
    CHECK(holds(Exchange("/lashoupay/lashoupay/x").context, "lashoupay-4.90", acls) == true);
    CHECK(holds(Exchange("||").context, "lashoupay-4.90", acls) == true);
    CHECK(holds(Exchange("/other").context, "lashoupay-4.90", acls) == false);  // though dst is that address
}

TEST_CASE("lines of one name are alternatives, also after a condition used it") {
    common::Diagnostics diagnostics;
    AclSet acls;
    REQUIRE(acls.add(words("site path_beg /a"), {}, diagnostics));
    Condition condition;
    REQUIRE(compile_condition(words("unless site"), acls, {}, diagnostics, condition));
    CHECK(condition.evaluate(Exchange("/b").context));
    REQUIRE(acls.add(words("site path_beg /b"), {}, diagnostics));
    CHECK_FALSE(condition.evaluate(Exchange("/b").context));
    CHECK(diagnostics.all().empty());
}

TEST_CASE("refusals name the word and the nearest known one") {
    CHECK(refusal("if { pth_beg /x }") == "unknown criterion 'pth_beg'; did you mean 'path_beg'?");
    CHECK(refusal("if { pathh /x }") == "unknown criterion 'pathh'; did you mean 'path'?");
    CHECK(refusal("if METH_GTE").find("did you mean 'METH_GET'?") != std::string::npos);
    CHECK(refusal("if { path_beg /x").find("'{' has no '}'") != std::string::npos);
    CHECK(refusal("if").find("no condition follows 'if'") != std::string::npos);
    CHECK(refusal("if TRUE or").find("no condition after it") != std::string::npos);
    CHECK(refusal("if or TRUE").find("no condition before it") != std::string::npos);
    CHECK(refusal("if TRUE !").find("'!' has no condition after it") != std::string::npos);
    CHECK(refusal("when TRUE").find("starts with 'if' or 'unless'") != std::string::npos);
    CHECK(refusal("if { src 10.0.0.0/33 }").find("not a network mask") != std::string::npos);
    CHECK(refusal("if { src -n somewhere }").find("not an IPv4") != std::string::npos);
    CHECK(refusal("if { hdr_cnt(x) gt x }").find("neither a whole number") != std::string::npos);
    CHECK(refusal("if { hdr_cnt(x) 9:1 }").find("is empty") != std::string::npos);
    CHECK(refusal("if { path_reg ( }").find("not valid") != std::string::npos);
    CHECK(refusal("if { path -m bge / }").find("did you mean 'beg'?") != std::string::npos);
    CHECK(refusal("if { hdr(a,b) x }").find("is not a whole number") != std::string::npos);
    CHECK(refusal("if { hdr(a,1,2) x }").find("at most 2 argument(s)") != std::string::npos);
    CHECK(refusal("if { hdr(a x }").find("missing ')'") != std::string::npos);
    CHECK(refusal("if { path,lowr x }").find("unknown converter 'lowr'; did you mean 'lower'?") !=
          std::string::npos);
    CHECK(refusal("if { base64 }").find("unknown criterion") != std::string::npos);
    CHECK(refusal("if { path -f /no/such/file }").find("cannot read") != std::string::npos);
}

TEST_CASE("pattern files: blanks, comments, flags before them, long lists") {
    const std::string path = "/tmp/acl_test_" + std::to_string(::getpid());
    {
        std::ofstream file(path);
        file << "# comment\n\n  indented\n #sharp\r\nUpper\n";
        for (int i = 0; i < 100'000; ++i) file << "host" << i << ".example\n";
    }
    CHECK(holds(Exchange("/", {{"Host", "indented"}}).context, "{ hdr(host) -f " + path + " }") == true);
    CHECK(holds(Exchange("/", {{"Host", "#sharp"}}).context, "{ hdr(host) -f " + path + " }") == true);
    CHECK(holds(Exchange("/", {{"Host", "# comment"}}).context, "{ hdr(host) -f " + path + " }") == false);
    CHECK(holds(Exchange("/", {{"Host", "upper"}}).context, "{ hdr(host) -f " + path + " }") == false);
    CHECK(holds(Exchange("/", {{"Host", "upper"}}).context, "{ hdr(host) -i -f " + path + " }") == true);
    CHECK(holds(Exchange("/", {{"Host", "upper"}}).context, "{ hdr(host) -f " + path + " -i UPPER }") ==
          true);
    CHECK(holds(Exchange("/", {{"Host", "host99999.example"}}).context, "{ hdr(host) -f " + path + " }") ==
          true);
    CHECK(holds(Exchange("/", {{"Host", "host9.example.org"}}).context,
                "{ hdr_beg(host) -f " + path + " }") == true);
    CHECK(holds(Exchange("/", {{"Host", "a.host99999.example"}}).context,
                "{ hdr_end(host) -f " + path + " }") == true);
    CHECK(holds(Exchange("/", {{"Host", "-i"}}).context, "{ hdr(host) -- -i }") == true);
    std::remove(path.c_str());
}
