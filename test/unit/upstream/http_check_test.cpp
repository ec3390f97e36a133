#include "proxyd/upstream/http_check.h"

#include <catch2/catch.hpp>

using namespace proxyd::upstream;
using Expect = HttpCheckSettings::Expect;

namespace {

HttpCheck compile(Expect expect, const std::string& value = {}, bool expect_not = false) {
    HttpCheckSettings settings;
    settings.kind = CheckKind::http;
    settings.expect = expect;
    settings.expect_value = value;
    settings.expect_not = expect_not;
    auto check = HttpCheck::compile(settings);
    REQUIRE(check);
    return *check;
}

struct Row {
    Expect expect;
    const char* value;
    bool expect_not;
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
    {Expect::good_status, "", false, kOk, CheckStatus::l7_ok, 200, "OK"},
    {Expect::good_status, "", false, "HTTP/1.1 304 Not Modified\r\n\r\n", CheckStatus::l7_ok, 304,
     "Not Modified"},
    {Expect::good_status, "", false, kOops, CheckStatus::l7_wrong_status, 500, "Oops Dear"},
    {Expect::good_status, "", false, "HTTP/1.1 404 Not Found\r\n\r\n", CheckStatus::l7_wrong_status, 404,
     "Not Found"},
    {Expect::good_status, "", false, "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\n",
     CheckStatus::l7_ok, 200, "OK"},
    {Expect::good_status, "", false, "hello there\r\n\r\n", CheckStatus::l7_invalid, 0, ""},
    {Expect::good_status, "", false, "", CheckStatus::l7_invalid, 0, ""},
    {Expect::good_status, "", false, "HTTP/1.1 200 OK\r\n", CheckStatus::l7_invalid, 0, ""},
    {Expect::status, "201", false, kOk, CheckStatus::l7_wrong_status, 200, "OK"},
    {Expect::status, "201,200", false, kOk, CheckStatus::l7_ok, 200, "OK"},
    {Expect::status, "300-310,400,500-599", false, kOops, CheckStatus::l7_ok, 500, "Oops Dear"},
    {Expect::status, "500", true, kOops, CheckStatus::l7_wrong_status, 500, "Oops Dear"},
    {Expect::rstatus, "^2[0-9][0-9]", false, kOk, CheckStatus::l7_ok, 200, "OK"},
    {Expect::rstatus, "^5", true, kOops, CheckStatus::l7_wrong_status, 500, "Oops Dear"},
    {Expect::rstatus, "^5", true, kOk, CheckStatus::l7_ok, 200, "OK"},
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
        const HttpCheck check = compile(row.expect, row.value, row.expect_not);
        const std::string_view answer = row.answer;
        INFO(row.answer << " expecting " << row.value);
        for (std::size_t split = 0; split <= answer.size(); ++split) {
            // What is known early must be what is known in the end.
            const auto early = check.judge(answer.substr(0, split), false);
            if (early) REQUIRE(early->status == row.status);
        }
        const auto judged = check.judge(answer, true);
        REQUIRE(judged);
        CHECK(judged->status == row.status);
        CHECK(judged->code == row.code);
        CHECK(judged->info == row.info);
    }
}

TEST_CASE("requests of health checks") {
    HttpCheckSettings settings;
    CHECK(HttpCheck::compile(settings)->request() == "OPTIONS / HTTP/1.0\r\nconnection: close\r\n\r\n");
    settings.method = "POST";
    settings.uri = "/check?x=1";
    settings.version = "HTTP/1.1";
    settings.headers = {{"Host", "www"},
                        {"Connection", "keep-alive"},
                        {"Content-Length", "99"},
                        {"Transfer-Encoding", "chunked"}};
    settings.body = "ping";
    CHECK(HttpCheck::compile(settings)->request() ==
          "POST /check?x=1 HTTP/1.1\r\nhost: www\r\nconnection: keep-alive\r\ncontent-length: 4\r\n\r\nping");
}

TEST_CASE("the answer to a HEAD check has no body") {
    HttpCheckSettings settings;
    settings.method = "HEAD";
    settings.expect = Expect::string;
    settings.expect_value = "x";
    const auto check = HttpCheck::compile(settings);
    const auto judged = check->judge("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n", false);
    REQUIRE(judged);
    CHECK(judged->status == CheckStatus::l7_invalid);
}

TEST_CASE("expectations that cannot be understood are refused") {
    for (const auto& [expect, value] :
         std::vector<std::pair<Expect, std::string>>{{Expect::status, ""},
                                                     {Expect::status, "2xx"},
                                                     {Expect::status, "300-200"},
                                                     {Expect::status, "1000"},
                                                     {Expect::rstatus, "("},
                                                     {Expect::rstring, "["}}) {
        HttpCheckSettings settings;
        settings.expect = expect;
        settings.expect_value = value;
        INFO(value);
        CHECK(!HttpCheck::compile(settings));
    }
}
