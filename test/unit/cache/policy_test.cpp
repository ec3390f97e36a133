#include "proxyd/cache/policy.h"

#include <catch2/catch.hpp>

#include "message_of.h"

using namespace proxyd::cache;
using cache_test::request;
using cache_test::response;

namespace {

constexpr std::int64_t kNow = 784111777;  // Sun, 06 Nov 1994 08:49:37 GMT

std::int64_t lifetime(const std::string& fields, const std::string& status = "200 OK") {
    const auto head = response(fields, status);
    const auto freshness = judge_response(head->message, kNow, 60);
    return freshness ? freshness->lifetime : 0;
}

}  // namespace

TEST_CASE("what responses may be stored, and for how long") {
    struct Row {
        const char* fields;
        std::int64_t seconds;  // 0: not stored
    };
    // All but those marked were seen alike in HAProxy 2.6.
    const Row rows[] = {
        {"Cache-Control: max-age=100\r\n", 60},
        {"Cache-Control: max-age=10\r\n", 10},
        {"Cache-Control: max-age=99999999999999999999\r\n", 60},
        {"", 0},
        {"ETag: \"x\"\r\n", 60},
        {"Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\n", 60},
        {"Expires: Sun, 06 Nov 1994 08:50:07 GMT\r\n", 30},
        {"Expires: Sun, 06 Nov 1994 08:49:07 GMT\r\n", 0},
        {"Expires: 0\r\n", 0},
        {"Expires: 0\r\nETag: \"x\"\r\n", 0},
        {"Expires: 0\r\nCache-Control: max-age=10\r\n", 10},
        {"Cache-Control: max-age=100\r\nSet-Cookie: a=b\r\n", 60},
        {"Cache-Control: private, max-age=100\r\n", 0},
        {"Cache-Control: no-cache, max-age=100\r\n", 0},
        {"Cache-Control: no-cache=\"set-cookie\", max-age=100\r\n", 0},
        {"Cache-Control: no-store\r\n", 0},
        {"Cache-Control: max-age=0\r\n", 0},
        {"Cache-Control: s-maxage=0, max-age=100\r\n", 0},
        {"Cache-Control: max-age=0, s-maxage=100\r\n", 0},
        {"Cache-Control: s-maxage=100, max-age=0\r\n", 0},
        {"Cache-Control: max-age=50, s-maxage=10\r\n", 10},
        {"Pragma: no-cache\r\nCache-Control: max-age=100\r\n", 0},
        {"Cache-Control: public\r\n", 0},
        {"Cache-Control: public\r\nETag: \"x\"\r\n", 60},
        {"Cache-Control: private, public, max-age=10\r\n", 10},
        {"Cache-Control: public, private, max-age=10\r\n", 0},
        {"Cache-Control: max-age=-5\r\n", 0},
        {"Cache-Control: max-age=abc\r\n", 0},
        {"Cache-Control: max-age=\"20\"\r\n", 20},
        {"CACHE-control: MAX-AGE=20\r\n", 20},
        {"Cache-Control: public\r\nCache-Control: max-age=100\r\n", 60},
        {"Cache-Control: max-age=100\r\nAge: 30\r\n", 60},
        {"Cache-Control: max-age=100\r\nAge: 90\r\n", 10},  // 2.6 keeps it for 60
        {"Cache-Control: max-age=100\r\nAge: 130\r\n", 0},
        {"Cache-Control: max-age=100\r\nAge: x\r\n", 0},
    };
    for (const Row& row : rows) {
        CAPTURE(row.fields);
        CHECK(lifetime(row.fields) == row.seconds);
    }
    for (const char* status : {"203 x", "206 x", "301 x", "404 x", "500 x"})
        CHECK(lifetime("Cache-Control: max-age=100\r\n", status) == 0);
    const auto aged = response("Cache-Control: max-age=100\r\nAge: 30\r\n");
    CHECK(judge_response(aged->message, kNow, 60)->age == 30);
}

TEST_CASE("what requests may take and leave") {
    struct Row {
        const char* fields;
        bool use, store;
    };
    const Row rows[] = {
        {"", true, true},
        {"Authorization: x\r\n", false, false},
        {"Cache-Control: no-cache\r\n", false, true},
        {"Cache-Control: max-age=100\r\n", false, true},
        {"Cache-Control: max-stale\r\n", false, true},
        {"Cache-Control: min-fresh=3\r\n", false, true},
        {"Cache-Control: no-store\r\n", true, false},
        {"Cache-Control: only-if-cached\r\n", true, true},
        {"Pragma: no-cache\r\n", false, true},
        {"Pragma: no-cache\r\nCache-Control: x\r\n", true, true},
        {"Cookie: a=b\r\n", true, true},
    };
    for (const Row& row : rows) {
        CAPTURE(row.fields);
        const RequestPolicy policy = judge_request(request(row.fields)->message);
        CHECK(policy.may_use == row.use);
        CHECK(policy.may_store == row.store);
    }
    CHECK_FALSE(judge_request(request("", "GET", "HTTP/1.0")->message).may_use);
    CHECK_FALSE(judge_request(request("", "POST")->message).may_use);
    CHECK(judge_request(request("", "HEAD")->message).may_use);
    CHECK_FALSE(judge_request(request("", "HEAD")->message).may_store);
}

TEST_CASE("conditional requests") {
    const auto answered = [](const std::string& fields, std::string_view etag) {
        return not_modified(request(fields)->message, etag, kNow);
    };
    CHECK(answered("If-None-Match: \"x\"\r\n", "\"x\""));
    CHECK(answered("If-None-Match: W/\"x\"\r\n", "\"x\""));
    CHECK(answered("If-None-Match: \"x\"\r\n", "W/\"x\""));
    CHECK(answered("If-None-Match: \"a,b\", \"x\"\r\n", "\"x\""));
    CHECK(answered("If-None-Match: \"y\"\r\nIf-None-Match: \"x\"\r\n", "\"x\""));
    CHECK(answered("If-None-Match: *\r\n", ""));
    CHECK_FALSE(answered("If-None-Match: \"b\"\r\n", "\"a,\"b\""));
    CHECK_FALSE(answered("If-None-Match: x\r\n", "\"x\""));
    CHECK_FALSE(answered("If-None-Match: x\r\n", "x"));
    CHECK_FALSE(answered("If-None-Match: \"y\"\r\n", ""));
    CHECK_FALSE(answered("", "\"x\""));
    CHECK(answered("If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT\r\n", ""));
    CHECK_FALSE(answered("If-Modified-Since: Sun, 06 Nov 1994 08:49:36 GMT\r\n", ""));
    CHECK_FALSE(answered("If-Modified-Since: yesterday\r\n", ""));
    CHECK_FALSE(
        answered("If-None-Match: \"y\"\r\nIf-Modified-Since: Sun, 06 Nov 1995 08:49:37 GMT\r\n", "\"x\""));
}

TEST_CASE("unsafe methods that succeed invalidate") {
    using proxyd::http::Method;
    CHECK(invalidates(Method::post, 200));
    CHECK(invalidates(Method::other, 302));
    CHECK_FALSE(invalidates(Method::post, 404));
    CHECK_FALSE(invalidates(Method::get, 200));
    CHECK_FALSE(invalidates(Method::options, 200));
}

TEST_CASE("the time that If-Modified-Since is compared with") {
    CHECK(last_modified(response("Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\n")->message.fields, 1) ==
          kNow);
    CHECK(last_modified(response("Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n")->message.fields, 1) == kNow);
    CHECK(last_modified(response("Last-Modified: x\r\n")->message.fields, 1) == 1);
}
