// A stored response: never changed once others can see it, kept alive by whoever delivers it.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "proxyd/cache/variant.h"
#include "proxyd/http/message.h"

namespace proxyd::cache {

// Bytes that objects of a cache take, those being written and those that are only still being sent included.
using Usage = std::atomic<std::uint64_t>;

struct Object {
    Object() = default;
    ~Object() {
        if (usage) usage->fetch_sub(charged, std::memory_order_relaxed);
    }
    Object(const Object&) = delete;
    Object& operator=(const Object&) = delete;

    // Adds `response`'s head without what belongs to one connection (RFC 9111 section 3.1).
    void keep_head(const http::Message& response);
    // Fills a message with it; views look at this object.
    void fill(http::Message& response) const;
    std::int64_t age_at(std::int64_t now) const { return age + now - stored_at; }
    std::uint64_t bytes() const;  // of memory

    std::string key;
    Variant variant;
    std::uint64_t mark = 0;  // of key and variant, while it is being written
    std::string head, body;
    std::vector<http::Field> fields;  // views into `head`
    std::string reason;
    std::string_view etag;
    http::Framing framing = http::Framing::none;  // towards clients: length or chunked
    std::int64_t stored_at = 0, expires_at = 0;   // seconds of steady_seconds()
    std::int64_t age = 0;                         // seconds, when it was stored
    std::int64_t last_modified = 0;               // seconds since 1970
    std::shared_ptr<Usage> usage;                 // null: not counted
    std::uint64_t charged = 0;                    // what was added to `usage`
};

std::int64_t steady_seconds();

}  // namespace proxyd::cache
