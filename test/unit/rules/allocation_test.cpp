// Rules, conditions and log lines cost no heap in the steady state.
#include "rules_fixture.h"
#include "test/support/counted_new.h"

using namespace proxyd::rules;
using test::Exchange;
using test::words;

namespace {

// Allocations of the second run: the first may fill caches and grow scratch space.
template <class Work>
std::size_t steady_allocations(Work work) {
    work();
    return test::count_allocations(work);
}

}  // namespace

TEST_CASE("the counter counts") {
    CHECK(test::count_allocations([] { ::operator delete(::operator new(8)); }) == 1);
}

TEST_CASE("conditions allocate nothing") {
    Exchange x("/img/a.png?q=1", {{"Host", "www.example.com"}, {"Cookie", "a=1; b=2"}, {"X", "1, 2"}});
    common::Diagnostics diagnostics;
    AclSet acls;
    for (const char* text :
         {"if { path_beg /img }", "if { path_end .gif .png }", "if { hdr(host) -i WWW.example.com }",
          "if { src 10.0.0.0/8 192.0.2.0/24 }", "if { dst_port 80 }", "if !{ ssl_fc }", "if METH_GET",
          "if { hdr_dom(host) example }", "if { cook(b) 2 }", "if { urlp(q) 1 }",
          "if { path_reg ^/img/.*\\.png$ }", "if { hdr_cnt(x) 2 }", "if { hdr(x) 2 }",
          "if { src -m str 192.0.2.7 }", "if { path,field(2,/) img }", "if { be_name nothing }"}) {
        INFO(text);
        Condition condition;
        REQUIRE(compile_condition(words(text), acls, {}, diagnostics, condition));
        CHECK(steady_allocations([&] { condition.evaluate(x.context); }) == 0);
    }
}

TEST_CASE("log lines allocate nothing once the buffer has grown") {
    Exchange x;
    x.context.times.accept_wall_us = 1'795'360'329'443'000;
    for (const auto format :
         {kHttpLogFormat, kTcpLogFormat, kClfLogFormat, std::string_view("%[src] %[hdr(host)] %si")}) {
        const auto compiled = LogFormat::compile(format);
        REQUIRE(compiled);
        std::string out;
        CHECK(steady_allocations([&] {
                  out.clear();
                  compiled->render(x.context, out);
              }) == 0);
    }
}

TEST_CASE("header rules allocate nothing once arena and fields have grown") {
    Exchange x;
    AclSet acls;
    RuleSet rules;
    common::Diagnostics diagnostics;
    for (const char* line :
         {"set-header X-Forwarded-Proto http", "set-header X-Src %[src]", "del-header X-None",
          "replace-value Accept a b", "deny if { path_beg /admin } !LOCALHOST"})
        REQUIRE(rules.add(Phase::http_request, words(line), acls, {}, diagnostics));
    CHECK(steady_allocations([&] { rules.run(x.context); }) == 0);
    RuleSet redirect;
    REQUIRE(redirect.add_redirect(words("scheme https if !{ ssl_fc }"), acls, {}, diagnostics));
    CHECK(steady_allocations([&] { redirect.run(x.context); }) == 0);
}

TEST_CASE("variables of an exchange allocate nothing once there is room") {
    Exchange x;
    ExchangeVariables exchange;
    Variables session{true};
    x.context.variables = &exchange;
    x.context.session_variables = &session;
    AclSet acls;
    RuleSet rules;
    common::Diagnostics diagnostics;
    for (const char* line : {"set-var(txn.host) req.hdr(host),lower", "set-var(req.n) int(1),add(2)",
                             "set-var-fmt(txn.f) %[src]/%[var(txn.host)]", "set-var(sess.seen) bool(true)",
                             "set-header X-Host %[var(txn.f)] if { var(req.n) -m int 3 }"})
        REQUIRE(rules.add(Phase::http_request, words(line), acls, {}, diagnostics));
    CHECK(steady_allocations([&] {
              exchange.clear();
              rules.run(x.context);
          }) == 0);
    CHECK(x.header("X-Host") == "192.0.2.7/www.example.com");
}
