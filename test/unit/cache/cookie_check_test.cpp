// Verdicts as HAProxy 2.6 gave them.
#include "proxyd/cache/cookie_check.h"

#include <catch2/catch.hpp>

#include "common/text.h"

using namespace proxyd;
using http::Method;

namespace {

bool exposes(Method asked, int status, std::string_view lines) {
    common::Arena arena;
    http::Message response;
    response.is_request = false;
    response.status = status;
    for (const std::string_view line : common::split(lines, '|')) {
        const auto colon = line.find(": ");
        if (colon != std::string_view::npos)
            response.fields.add(arena, line.substr(0, colon), line.substr(colon + 2));
    }
    return cache::exposes_cookie(asked, response);
}

}  // namespace

TEST_CASE("which answers with cookies caches would store") {
    struct Row {
        std::string_view fields;
        bool get, post;
    };
    const std::string_view cookie = "Set-Cookie: a=b|", known = "Set-Cookie: a=b|Last-Modified: x|";
    for (const Row& row : {
             Row{"", true, false},
             Row{"Cache-Control: private", false, false},
             Row{"Cache-Control: PRIVATE", false, false},
             Row{"Cache-Control: no-cache", false, false},
             Row{"Cache-Control: no-store", false, false},
             Row{"Cache-Control: max-age=0", false, false},
             Row{"Cache-Control: max-age=10", true, false},
             Row{"Cache-Control: max-age=00", true, false},
             Row{"Cache-Control: s-maxage=0", false, false},
             Row{"Cache-Control: public", true, true},
             Row{"Cache-Control: must-revalidate", true, false},
             Row{"Cache-Control: public, no-cache", false, false},
             Row{"Cache-Control: no-cache, public", true, true},
             Row{"Cache-Control: private|Cache-Control: public", true, true},
             Row{"Cache-Control: private=\"x\"", true, false},
             Row{"Cache-Control: no-cache=\"set-cookie\"", false, false},
             Row{"Cache-Control: no-cache=\"set-cookie, x\"", false, false},
             Row{"Cache-Control: no-cache=\"set-cookie2\"", false, false},
             Row{"Cache-Control: no-cache=\"x, set-cookie\"", true, false},
             Row{"Cache-Control: no-cache=\"x\"", true, false},
             Row{"Cache-Control: no-cache=set-cookie", true, false},
             Row{"Pragma: no-cache", false, false},
             Row{"Pragma: NO-CACHE", false, false},
             Row{"Pragma: x", true, false},
             Row{"Expires: x", true, false},
             Row{"Vary: *", true, false},
         }) {
        CAPTURE(row.fields);
        CHECK(exposes(Method::get, 200, std::string(known).append(row.fields)) == row.get);
        CHECK(exposes(Method::post, 200, std::string(known).append(row.fields)) == row.post);
        CHECK_FALSE(exposes(Method::get, 200, std::string("Last-Modified: x|").append(row.fields)));
    }
    for (const Row& row :
         {Row{"", false, false}, Row{"Cache-Control: max-age=10", true, false},
          Row{"Cache-Control: s-maxage=10", true, false}, Row{"Cache-Control: public", false, false},
          Row{"Expires: x", true, false}, Row{"ETag: x", true, false}, Row{"Age: 3", false, false},
          Row{"Cache-Control: max-age=10, no-cache", false, false},
          Row{"Cache-Control: max-age=0, max-age=10", false, false}}) {
        CAPTURE(row.fields);
        CHECK(exposes(Method::get, 200, std::string(cookie).append(row.fields)) == row.get);
        CHECK(exposes(Method::post, 200, std::string(cookie).append(row.fields)) == row.post);
    }
    CHECK(exposes(Method::get, 200, "Set-Cookie2: a=b|ETag: x"));
}

TEST_CASE("by status and method") {
    for (const int status : {200, 203, 204, 206, 300, 301, 404, 405, 410, 414, 501})
        CHECK(exposes(Method::get, status, "Set-Cookie: a=b|ETag: x"));
    for (const int status : {201, 302, 304, 400, 500, 503})
        CHECK_FALSE(exposes(Method::get, status, "Set-Cookie: a=b|ETag: x"));
    for (const Method method : {Method::get, Method::head, Method::options, Method::trace})
        CHECK(exposes(method, 200, "Set-Cookie: a=b|ETag: x"));
    for (const Method method : {Method::post, Method::put, Method::del, Method::patch, Method::other})
        CHECK_FALSE(exposes(method, 200, "Set-Cookie: a=b|ETag: x"));
}
