#include "proxyd/rules/rule_set.h"

#include "rules_fixture.h"

using namespace proxyd::rules;
using test::Exchange;
using test::words;

namespace {

struct Rules {
    AclSet acls;
    RuleSet set;
    common::Diagnostics diagnostics;

    Rules& add(std::string_view line, Phase phase = Phase::http_request) {
        INFO(line);
        const bool added = set.add(phase, words(line), acls, {}, diagnostics);
        if (!added) INFO(test::first_message(diagnostics));
        REQUIRE(added);
        return *this;
    }
    Rules& legacy(std::string_view line) {
        const auto all = words(line);
        REQUIRE(set.add_legacy(all[0], std::span(all).subspan(1), acls, {}, diagnostics));
        return *this;
    }
};

std::string refusal(std::string_view line, Phase phase = Phase::http_request) {
    Rules rules;
    CHECK_FALSE(rules.set.add(phase, words(line), rules.acls, {}, rules.diagnostics));
    return test::first_message(rules.diagnostics);
}

}  // namespace

TEST_CASE("header actions") {
    Exchange x(
        "/p",
        {{"Host", "h"}, {"Accept", "a, bb ,c"}, {"X-One", "1"}, {"X-Two", "2"}, {"Cookie", "foo=1; d"}});
    Rules rules;
    rules.add("set-header X-Src %[src]:%[src_port]")
        .add("add-header X-One %[path]")
        .add("set-header Host new.%[hdr(host)]");
    rules.add("replace-value Accept ^b(.*)$ <\\1>")
        .add("replace-header Cookie foo=([^;]*);(.*) foo=x\\1;\\2");
    rules.add("del-header X-T -m beg")
        .add("add-header X-Never 1 if FALSE")
        .add("add-header X-Cond 1 if METH_GET");
    CHECK(rules.set.run(x.context).kind == Verdict::Kind::pass);
    CHECK(x.header("x-src") == "192.0.2.7:40000");
    CHECK(x.header("x-one") == "1|/p");
    CHECK(x.header("host") == "new.h");
    CHECK(x.header("accept") == "a,<b>,c");
    CHECK(x.header("cookie") == "foo=x1; d");
    CHECK(x.header("x-two").empty());
    CHECK(x.header("x-never").empty());
    CHECK(x.header("x-cond") == "1");
}

TEST_CASE("actions on the target") {
    const struct {
        const char* rule;
        const char* before;
        const char* after;
    } rows[] = {
        {"set-path /new%[path]", "/a?q=1", "/new/a?q=1"},
        {"set-path /x", "http://h:1/a?q", "http://h:1/x?q"},
        {"set-pathq /y?z", "/a?q=1", "/y?z"},
        {"set-query a=b", "/a", "/a?a=b"},
        {"set-query a=b", "/a?old", "/a?a=b"},
        {"set-query %[query,regsub(old,new)]", "/a?old=1", "/a?new=1"},
        {"set-uri /all", "/a?q", "/all"},
        {"replace-path (.*) /foo\\1", "/bar?q=1", "/foo/bar?q=1"},
        {"replace-path /foo/(.*) /\\1", "/foo/bar?q=1", "/bar?q=1"},
        {"replace-pathq ([^?]*)(\\?(.*))? \\1/foo\\2", "/bar?q=1", "/bar/foo?q=1"},
        {"replace-uri ^http://(.*) https://\\1", "http://h/x", "https://h/x"},
        {"replace-path ^/none /x", "/a", "/a"},
    };
    for (const auto& row : rows) {
        INFO(row.rule);
        Exchange x(row.before);
        Rules().add(row.rule).set.run(x.context);
        CHECK(x.request.target == row.after);
    }
    Exchange x;
    Rules().add("set-uri http://other.example:8080/x").set.run(x.context);
    CHECK(x.header("host") == "other.example:8080");
    Rules().add("set-method POST").set.run(x.context);
    CHECK(x.request.method == proxyd::http::Method::post);
}

TEST_CASE("verdicts") {
    Exchange x;
    CHECK(Rules().add("deny").set.run(x.context).status == 403);
    CHECK(Rules().add("deny deny_status 429 if TRUE").set.run(x.context).status == 429);
    CHECK(Rules().add("allow").add("deny").set.run(x.context).kind == Verdict::Kind::allow);
    CHECK(Rules().add("deny if FALSE").set.run(x.context).kind == Verdict::Kind::pass);
    x.with_response({});
    CHECK(Rules().add("deny", Phase::http_response).set.run(x.context).status == 502);
    Rules returning;  // a verdict's views live as long as its rules
    const Verdict reply =
        returning
            .add("return status 418 content-type text/plain lf-string tea\\ for\\ %[src] hdr X-A %[path]")
            .set.run(x.context);
    CHECK(reply.kind == Verdict::Kind::reply);
    CHECK(reply.status == 418);
    CHECK(reply.content_type == "text/plain");
    CHECK(reply.body == "tea for 192.0.2.7");
    REQUIRE(reply.fields.size() == 1);
    CHECK(reply.fields[0].value == "/a/b.html");
    Rules rules;
    rules.add("set-log-level silent");
    rules.set.run(x.context);
    CHECK(x.context.log_level == kLogLevelSilent);
    rules.add("set-status 503 reason Busy", Phase::http_response);
    rules.set.run(x.context);
    CHECK(x.response.status == 503);
    CHECK(x.response.reason == "Busy");
}

TEST_CASE("redirects") {
    const struct {
        const char* rule;
        const char* target;
        int status;
        const char* location;
    } rows[] = {
        {"scheme https", "/a?b=c", 302, "https://www.example.com/a?b=c"},
        {"scheme https code 301", "*", 301, "https://www.example.com/"},
        {"scheme https drop-query", "/a?b=c", 302, "https://www.example.com/a"},
        {"location http://mysite.com/", "/a?b", 302, "http://mysite.com/"},
        {"prefix https://mysite.com", "/a?b", 302, "https://mysite.com/a?b"},
        {"code 301 prefix / drop-query append-slash", "/article/x?y", 301, "/article/x/"},
        {"prefix http://mysite.com drop-query", "http://h/a?b", 302, "http://mysite.com/a"},
        {"code 308 location /100%", "/", 308, "/100%"},
    };
    for (const auto& row : rows) {
        INFO(row.rule);
        Exchange x(row.target);
        Rules rules;
        REQUIRE(rules.set.add_redirect(words(row.rule), rules.acls, {}, rules.diagnostics));
        const Verdict verdict = rules.set.run(x.context);
        CHECK(verdict.kind == Verdict::Kind::redirect);
        CHECK(verdict.status == row.status);
        CHECK(verdict.location == row.location);
    }
    Exchange x;
    Rules moving;
    const Verdict made =
        moving.add("redirect code 301 location http://www.%[hdr(host)]%[capture.req.uri] set-cookie SEEN=1")
            .set.run(x.context);
    CHECK(made.location == "http://www.www.example.com/a/b.html?x=1&y=2");
    REQUIRE(made.fields.size() == 1);
    CHECK(made.fields[0].value == "SEEN=1; path=/;");
    CHECK(Rules().add("redirect location %[hdr(none)] ignore-empty").set.run(x.context).kind ==
          Verdict::Kind::pass);
    x.context.tls = true;
    Rules tutorial;
    REQUIRE(tutorial.set.add_redirect(words("scheme https if !{ ssl_fc }"), tutorial.acls, {},
                                      tutorial.diagnostics));
    CHECK(tutorial.set.run(x.context).kind == Verdict::Kind::pass);
}

TEST_CASE("the families that HAProxy removed") {
    Exchange x("/static/x", {{"Host", "h"}, {"X-Del", "1"}, {"Server", "old"}});
    Rules rules;
    rules.legacy("reqadd X-Forwarded-Proto:\\ https").legacy("reqidel ^x-del:");
    rules.legacy("reqrep ^([^\\ ]*)\\ /static/(.*) \\1\\ /\\2")
        .legacy("reqirep ^server:\\ (.*) X-Was:\\ \\1");
    CHECK(rules.set.run(x.context).kind == Verdict::Kind::pass);
    CHECK(rules.diagnostics.all().size() == 4);
    CHECK(x.header("x-forwarded-proto") == "https");
    CHECK(x.header("x-del").empty());
    CHECK(x.request.target == "/x");
    CHECK(x.request.method == proxyd::http::Method::get);
    CHECK(x.header("x-was") == "old");
    CHECK(x.request.fields.all().size() == 3);
    CHECK(Rules().legacy("reqideny ^GET\\ /X").set.run(x.context).status == 403);
    CHECK(Rules().legacy("reqdeny ^GET\\ /X").set.run(x.context).kind == Verdict::Kind::pass);
    CHECK(Rules().legacy("block if METH_GET").set.run(x.context).kind == Verdict::Kind::deny);
    CHECK(Rules().legacy("reqrep ^GET.* GET").set.run(x.context).status == 400);
    x.with_response({{"Server", "s"}, {"X-A", "b"}});
    Rules response;
    response.legacy("rspidel ^server:")
        .legacy("rspadd X-New:\\ 1")
        .legacy("rsprep ^HTTP/1.1\\ 200.* HTTP/1.1\\ 201\\ Made");
    response.set.run(x.context);
    CHECK(x.response.fields.count("server") == 0);
    CHECK(x.response.fields.count("x-new") == 1);
    CHECK(x.response.status == 201);
    CHECK(x.response.reason == "Made");
    CHECK(RuleSet::is_legacy("rspadd"));
    CHECK_FALSE(RuleSet::is_legacy("bind"));
}

TEST_CASE("refused rules say why") {
    CHECK(refusal("set-hedaer X 1") ==
          "unknown action 'set-hedaer' of 'http-request'; did you mean 'set-header'?");
    CHECK(refusal("set-path /", Phase::http_response) == "'set-path' is no action of 'http-response'");
    CHECK(refusal("set-header X-A").find("needs a value") != std::string::npos);
    CHECK(refusal("set-header X:A 1").find("is no header name") != std::string::npos);
    CHECK(refusal("set-header X-A %[pth]").find("did you mean 'path'?") != std::string::npos);
    CHECK(refusal("set-header X-A a b").find("'b' is not expected here") != std::string::npos);
    CHECK(refusal("deny deny_status 99").find("out of range") != std::string::npos);
    CHECK(refusal("deny if NOPE").find("no acl is named 'NOPE'") != std::string::npos);
    CHECK(refusal("redirect scheme https code 305").find("is no redirect code") != std::string::npos);
    CHECK(refusal("redirect https").find("unknown option 'https'") != std::string::npos);
    CHECK(refusal("redirect if TRUE").find("needs one of") != std::string::npos);
    CHECK(refusal("return string x").find("content-type") != std::string::npos);
    CHECK(refusal("replace-header X ( y").find("not valid") != std::string::npos);
    CHECK(refusal("").find("needs an action") != std::string::npos);
}
