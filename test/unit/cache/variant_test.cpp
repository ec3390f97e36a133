#include "proxyd/cache/variant.h"

#include <catch2/catch.hpp>

#include "message_of.h"

using namespace proxyd::cache;
using cache_test::request;
using cache_test::response;

namespace {

// Whether what was stored for one request answers another.
bool shared(const std::string& stored, const std::string& first, const std::string& second) {
    const auto head = response(stored);
    const auto one = request(first), two = request(second);
    const auto variant = variant_of(head->message.fields, traits_of(one->message.fields));
    return variant && variant->fits(traits_of(two->message.fields));
}

}  // namespace

TEST_CASE("who accepts the coding of a stored response") {
    const std::string gzip = "Vary: accept-encoding\r\nContent-Encoding: gzip\r\n";
    struct Row {
        const char* accepts;
        bool fits;
    };
    const Row rows[] = {
        {"Accept-Encoding: gzip\r\n", true},
        {"Accept-Encoding: GZIP\r\n", true},
        {"Accept-Encoding: x-gzip\r\n", true},
        {"Accept-Encoding: br, gzip;q=0.5\r\n", true},
        {"Accept-Encoding: br\r\nAccept-Encoding: gzip\r\n", true},
        {"Accept-Encoding: *\r\n", true},
        {"Accept-Encoding: *;q=0, gzip\r\n", true},
        {"", true},
        {"Accept-Encoding: br\r\n", false},
        {"Accept-Encoding: foo\r\n", false},
        {"Accept-Encoding: gzip;q=0\r\n", false},
        {"Accept-Encoding: gzip;q=0, *\r\n", false},
        {"Accept-Encoding: *, gzip;q=0.000\r\n", false},
    };
    for (const Row& row : rows) {
        CAPTURE(row.accepts);
        CHECK(shared(gzip, "Accept-Encoding: gzip\r\n", row.accepts) == row.fits);
    }
    const std::string plain = "Vary: Accept-Encoding\r\n";
    CHECK(shared(plain, "", "Accept-Encoding: br\r\n"));
    CHECK(shared(plain, "", "Accept-Encoding: *;q=0\r\n"));  // as HAProxy has it
    CHECK_FALSE(shared(plain, "", "Accept-Encoding: identity;q=0\r\n"));
}

TEST_CASE("other fields that are managed must be equal") {
    CHECK(shared("Vary: referer\r\n", "Referer: a\r\n", "Referer: a\r\n"));
    CHECK(shared("Vary: referer\r\n", "", ""));
    CHECK_FALSE(shared("Vary: referer\r\n", "Referer: a\r\n", "Referer: b\r\n"));
    CHECK_FALSE(shared("Vary: referer\r\n", "Referer: a\r\n", ""));
    CHECK_FALSE(shared("Vary: ORIGIN\r\n", "Origin: a\r\n", "Origin: b\r\n"));
    CHECK(shared("Vary: origin\r\n", "Origin: a\r\nReferer: x\r\n", "Origin: a\r\nReferer: y\r\n"));
    CHECK(shared("", "Referer: a\r\n", "Referer: b\r\n"));
}

TEST_CASE("what cannot be told apart is not stored") {
    for (const char* fields : {"Vary: *\r\n", "Vary: user-agent\r\n", "Vary: referer, cookie\r\n",
                               "Vary: accept-encoding\r\nContent-Encoding: foo\r\n"}) {
        CAPTURE(fields);
        CHECK_FALSE(variant_of(response(fields)->message.fields, {}));
    }
}
