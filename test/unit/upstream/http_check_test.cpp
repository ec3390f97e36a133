// HTTP checks: what is asked, and what to make of which answers. The wording is haproxy 2.6's, seen in its
// log.
#include "proxyd/upstream/http_check.h"

#include <catch2/catch.hpp>

#include "proxyd/upstream/check_dialogue.h"

using namespace proxyd::upstream;
using Expect = HttpExpectation::Kind;
using Kind = CheckStep::Kind;

namespace {

CheckStep expect_step(Expect expect, const std::string& value = {}, bool unwanted = false) {
    CheckStep step;
    step.kind = Kind::expect;
    step.match = CheckStep::Match::http;
    step.unwanted = unwanted;
    auto compiled = HttpExpectation::compile(expect, value);
    REQUIRE(compiled);
    step.http = std::make_shared<const HttpExpectation>(std::move(*compiled));
    return step;
}

proxyd::rules::LogFormat format(const std::string& text) {
    return *proxyd::rules::LogFormat::compile(text, proxyd::rules::LogUse::text);
}

// A check whose server answers each request the same, cut at `split`.
struct Check {
    common::Arena arena;
    proxyd::rules::Variables variables{true};
    proxyd::rules::Context context;
    std::vector<std::string> asked;

    CheckResult run(const CheckSequence& sequence, std::string_view answer, std::size_t split) {
        context.arena = &arena;
        context.check_variables = &variables;
        CheckDialogue dialogue(sequence, context);
        std::size_t received = 0;
        while (!dialogue.result()) {
            const CheckStep& step = dialogue.step();
            if (step.kind == Kind::connect) {
                dialogue.connected(false);
            } else if (step.kind == Kind::send) {
                asked.push_back(step.ask->render(context, "UP"));
                dialogue.sent(step.ask->method_id());
                received = 0;
            } else if (received++ == 0) {
                dialogue.received(answer.substr(0, split), false);
            } else {
                dialogue.received(received == 2 ? answer.substr(split) : std::string_view(), true);
            }
        }
        return *dialogue.result();
    }
};

CheckResult judge(const HttpCheckSettings& settings, std::string_view answer, std::size_t split = 0) {
    return Check().run(http_sequence(settings), answer, split);
}

std::string first_request(const HttpCheckSettings& settings) {
    Check check;
    (void)check.run(http_sequence(settings), "", 0);
    return check.asked.at(0);
}

struct Row {
    Expect expect;
    const char* value;
    bool unwanted;
    const char* answer;
    CheckStatus status;
    int code;
    const char* info;
};

constexpr const char* kOk = "HTTP/1.1 200 OK\r\ncontent-length: 11\r\n\r\nhello world";
constexpr const char* kOops = "HTTP/1.0 500 Oops Dear\r\n\r\nhello";
constexpr const char* kChunked =
    "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n";

const std::vector<Row> kRows{
    {Expect::status, "200-399", false, kOk, CheckStatus::l7_ok, 200, ""},
    {Expect::status, "200-399", false, "HTTP/1.1 304 Not Modified\r\n\r\n", CheckStatus::l7_ok, 304, ""},
    {Expect::status, "200-399", false, kOops, CheckStatus::l7_wrong_status, 500, "Oops Dear"},
    {Expect::status, "200-399", false, "HTTP/1.1 404 Not Found\r\n\r\n", CheckStatus::l7_wrong_status, 404,
     "Not Found"},
    {Expect::status, "200-399", false, "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\n",
     CheckStatus::l7_ok, 200, ""},
    {Expect::status, "200-399", false, "hello there\r\n\r\n", CheckStatus::l7_invalid, 0, ""},
    {Expect::status, "200-399", false, "", CheckStatus::l7_invalid, 0, ""},
    {Expect::status, "200-399", false, "HTTP/1.1 200 OK\r\n", CheckStatus::l7_invalid, 0, ""},
    {Expect::status, "201", false, kOk, CheckStatus::l7_wrong_status, 200, "OK"},
    {Expect::status, "201,200", false, kOk, CheckStatus::l7_ok, 200, ""},
    {Expect::status, "300-310,400,500-599", false, kOops, CheckStatus::l7_ok, 500, ""},
    {Expect::status, "500", true, kOops, CheckStatus::l7_wrong_status, 500, "Oops Dear"},
    {Expect::rstatus, "^2[0-9][0-9]", false, kOk, CheckStatus::l7_ok, 200, ""},
    {Expect::rstatus, "^5", true, kOops, CheckStatus::l7_wrong_status, 500, "Oops Dear"},
    {Expect::rstatus, "^5", true, kOk, CheckStatus::l7_ok, 200, ""},
    {Expect::string, "world", false, kOk, CheckStatus::l7_ok, 200, ""},
    {Expect::string, "goodbye", false, kOk, CheckStatus::l7_invalid, 0, "HTTP content check did not match"},
    {Expect::string, "hello", true, kOops, CheckStatus::l7_invalid, 0, "HTTP check matched unwanted content"},
    {Expect::string, "bye", true, kOops, CheckStatus::l7_ok, 500, ""},
    {Expect::string, "hello", false, kChunked, CheckStatus::l7_ok, 200, ""},
    {Expect::rstring, "^h.*o$", false, kChunked, CheckStatus::l7_ok, 200, ""},
    {Expect::rstring, "^bye", false, kOk, CheckStatus::l7_invalid, 0, "HTTP content check did not match"},
    // The word stands in a field, not in the body.
    {Expect::string, "Oops", false, kOops, CheckStatus::l7_invalid, 0, "HTTP content check did not match"},
};

}  // namespace

TEST_CASE("answers to health checks are judged as HAProxy does, however they arrive") {
    for (const Row& row : kRows) {
        HttpCheckSettings settings;
        settings.steps.push_back(expect_step(row.expect, row.value, row.unwanted));
        const std::string_view answer = row.answer;
        INFO(row.answer << " expecting " << row.value);
        for (std::size_t split = 0; split <= answer.size(); ++split) {
            const CheckResult judged = judge(settings, answer, split);
            REQUIRE(judged.status == row.status);
            REQUIRE(judged.code == row.code);
            REQUIRE(judged.info == row.info);
        }
    }
}

TEST_CASE("requests of health checks") {
    HttpCheckSettings settings;
    CHECK(first_request(settings) == "OPTIONS / HTTP/1.0\r\n\r\n");
    settings.method = "POST";
    settings.uri = "/check?x=1";
    settings.version = "HTTP/1.1";
    settings.headers = {{"Host", "www"}};
    CHECK(first_request(settings) == "POST /check?x=1 HTTP/1.1\r\nhost: www\r\nconnection: close\r\n\r\n");

    HttpAsk ask;
    ask.uri = "/other";
    ask.fields = {{"Connection", format("keep-alive")},
                  {"Content-Length", format("99")},
                  {"Transfer-Encoding", format("chunked")},
                  {"X-Computed", format("%[str(a b),upper]")}};
    ask.body_format = format("%[int(7)]!");
    CheckStep step;
    step.kind = Kind::send;
    step.ask = std::make_shared<const HttpAsk>(ask);
    settings.steps = {step};
    settings.send_state = true;
    CHECK(first_request(settings) ==
          "POST /other HTTP/1.1\r\nconnection: keep-alive\r\nx-computed: A B\r\n"
          "x-haproxy-server-state: UP\r\ncontent-length: 2\r\n\r\n7!");
}

TEST_CASE("several requests, and variables between them") {
    const auto variable = [](const char* name, const char* value) {
        CheckStep step;
        step.kind = Kind::variable;
        auto kept = std::make_shared<CheckVariable>();
        kept->target = *proxyd::rules::VariableTarget::parse(name, nullptr);
        if (*value != 0) kept->value = *proxyd::rules::Expression::parse(value);
        step.variable = std::move(kept);
        return step;
    };
    const auto ask = [](const char* uri) {
        CheckStep step;
        step.kind = Kind::send;
        HttpAsk request;
        request.uri_format = format(uri);
        step.ask = std::make_shared<const HttpAsk>(std::move(request));
        return step;
    };
    HttpCheckSettings settings;
    settings.steps = {variable("check.a", "str(one)"),
                      CheckStep{},
                      ask("/%[var(check.a)]"),
                      expect_step(Expect::status, "200"),
                      variable("check.b", "res.hdr(x-next)"),
                      CheckStep{},
                      ask("/%[var(check.b)]-%[var(check.a)]"),
                      variable("check.a", ""),
                      expect_step(Expect::string, "hello")};
    settings.steps.back().success_format = format("%[status] %[var(check.b)] %[var(check.a)].");
    settings.steps.back().status_code =
        std::make_shared<const proxyd::rules::Expression>(*proxyd::rules::Expression::parse("int(42)"));
    Check check;
    const CheckResult result = check.run(
        http_sequence(settings), "HTTP/1.1 200 OK\r\nx-next: two\r\ncontent-length: 5\r\n\r\nhello", 5);
    CHECK(check.asked ==
          std::vector<std::string>{"OPTIONS /one HTTP/1.0\r\n\r\n", "OPTIONS /two-one HTTP/1.0\r\n\r\n"});
    CHECK(result.status == CheckStatus::l7_ok);
    CHECK(result.code == 42);
    CHECK(result.info == "200 two .");
}

TEST_CASE("headers of an answer") {
    using How = TextPattern::How;
    const auto judged = [](TextPattern name, std::optional<TextPattern> value, bool whole) {
        CheckStep step = expect_step(Expect::status, "200");
        step.http = std::make_shared<const HttpExpectation>(
            HttpExpectation::header(std::move(name), std::move(value), whole));
        HttpCheckSettings settings;
        settings.steps = {step};
        return judge(settings, "HTTP/1.1 200 OK\r\nX-Kind: a b, c\r\n\r\n").status == CheckStatus::l7_ok;
    };
    const auto text = [](How how, const char* value) {
        TextPattern pattern;
        pattern.how = how;
        pattern.text = value;
        if (how == How::regex)
            pattern.regex = std::make_shared<const proxyd::rules::Regex>(
                std::move(*proxyd::rules::Regex::compile(value, false)));
        return pattern;
    };
    CHECK(judged(text(How::exact, "x-kind"), {}, false));
    CHECK(!judged(text(How::exact, "x-kin"), {}, false));
    CHECK(judged(text(How::beginning, "x-k"), text(How::exact, "c"), false));
    CHECK(!judged(text(How::beginning, "x-k"), text(How::exact, "c"), true));
    CHECK(judged(text(How::end, "IND"), text(How::exact, "a b, c"), true));
    CHECK(judged(text(How::part, "-"), text(How::regex, "^a"), false));
    CHECK(!judged(text(How::part, "-"), text(How::beginning, "A"), false));
}

TEST_CASE("the answer to a HEAD check has no body") {
    HttpCheckSettings settings;
    settings.method = "HEAD";
    settings.steps = {expect_step(Expect::string, "x")};
    CHECK(judge(settings, "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n").status == CheckStatus::l7_invalid);
}

TEST_CASE("expectations that cannot be understood are refused") {
    for (const auto& [expect, value] :
         std::vector<std::pair<Expect, std::string>>{{Expect::status, ""},
                                                     {Expect::status, "2xx"},
                                                     {Expect::status, "300-200"},
                                                     {Expect::status, "1000"},
                                                     {Expect::rstatus, "("},
                                                     {Expect::rstring, "["}}) {
        INFO(value);
        CHECK(!HttpExpectation::compile(expect, value));
    }
}

TEST_CASE("404 may mean: no new clients") {
    HttpCheckSettings settings;
    settings.disable_on_404 = true;
    CHECK(judge(settings, "HTTP/1.1 404 No\r\n\r\n").status == CheckStatus::l7_conditional);
}
