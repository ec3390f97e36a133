// Answers that the proxy makes itself: error pages, redirects, challenges. They are ordinary response
// Messages, so http-after-response rules and logs treat them like any other. Texts are HAProxy's, byte for
// byte.
#pragma once

#include <string_view>

#include "common/error.h"
#include "proxyd/http/h1_parser.h"
#include "proxyd/http/message.h"

namespace proxyd::http {

// "OK", "Bad Request", ...; a code that is not registered gets the text of its class (RFC 9110 section 15).
std::string_view reason_phrase(int status);

// The code whose page is used for `status`: itself when HAProxy has one, else 500 (200, 400, 401, 403, 404,
// 405, 407, 408, 410, 413, 414, 421, 422, 425, 429, 431, 500, 501, 502, 503, 504, 505).
int page_status(int status);

// Fills `reply` with the built-in page of page_status(status) and returns its body (static storage).
// reply.keep_alive is false for 400 and 408, which carry `connection: close`.
std::string_view make_error(int status, common::Arena& arena, Message& reply);

// An `errorfile`: raw bytes with their header block; returns the body. Views into `bytes`; content-length is
// counted anew. Fails with a sentence when it is no HTTP response.
common::Result<std::string_view> make_from_file(std::string_view bytes, common::Arena& arena, Message& reply);

struct Redirect {
    int status = 302;  // 301, 302, 303, 307, 308
    std::string_view location;
    std::string_view set_cookie;  // whole field value, may be empty
};
// location and cookie are copied into the arena. The body is empty. Control bytes in the location are refused
// (false): answer 500 then.
bool make_redirect(const Redirect& redirect, common::Arena& arena, Message& reply);

// 401 (407 with proxy = true) with `Basic realm="..."`; returns the body.
std::string_view make_auth_challenge(std::string_view realm, bool proxy, common::Arena& arena,
                                     Message& reply);

// A reply of our own with any body (http-request return, statistics page): status line, content-length,
// content-type when not empty, cache-control: no-cache when asked.
void make_reply(int status, std::string_view content_type, std::size_t body_size, bool no_cache,
                common::Arena& arena, Message& reply);

inline constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";

}  // namespace proxyd::http
