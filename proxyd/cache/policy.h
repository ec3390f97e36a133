// What may be stored, for how long, and who may have it: RFC 9111 as HAProxy 2.6 reads it (configuration
// manual 6.1). Pure functions of heads.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "proxyd/http/message.h"

namespace proxyd::cache {

struct RequestPolicy {
    bool may_use = false;    // an answer from the cache is good enough
    bool may_store = false;  // the server's answer may be kept
};
RequestPolicy judge_request(const http::Message& request);

// Seconds.
struct Freshness {
    std::int64_t lifetime = 0;  // from now on; at least 1
    std::int64_t age = 0;       // what other caches have used up already
};
// Nothing: it is not to be stored. `wall_now`: seconds since 1970; `max_age`: of the section.
std::optional<Freshness> judge_response(const http::Message& response, std::int64_t wall_now,
                                        std::int64_t max_age);

// A successful unsafe request makes what is stored under its address wrong (RFC 9111 section 4.4).
bool invalidates(http::Method method, int status);

// Last-Modified, else Date, else `wall_now`: what If-Modified-Since is compared with.
std::int64_t last_modified(const http::Fields& response, std::int64_t wall_now);

// Whether a conditional request is answered with 304 (RFC 9110 section 13). `etag`: of what is stored, may be
// empty.
bool not_modified(const http::Message& request, std::string_view etag, std::int64_t modified);

}  // namespace proxyd::cache
