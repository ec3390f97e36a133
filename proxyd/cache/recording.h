// One response on its way into a cache, taken down while it passes. Destroyed before finish(): nothing is
// stored.
#pragma once

#include <memory>
#include <string_view>

#include "proxyd/cache/cache.h"
#include "proxyd/cache/policy.h"
#include "proxyd/http/body.h"

namespace proxyd::cache {

class Recording {
 public:
    // `response`: its head as it is now. Null: there is no room, or it is being written already.
    static std::unique_ptr<Recording> begin(Cache& cache, std::string_view key, Variant variant,
                                            const http::Message& response, Freshness freshness,
                                            std::int64_t wall_now);
    ~Recording();
    Recording(const Recording&) = delete;
    Recording& operator=(const Recording&) = delete;

    // Bytes of the body as the server sent them, framing included. Once it is too large, they are ignored.
    void take(std::string_view received);
    // The body was whole: from now on it is found.
    void finish();

 private:
    Recording(Cache& cache, std::shared_ptr<Object> object) : cache_(cache), object_(std::move(object)) {}
    bool add(std::string_view payload);
    void abandon();

    Cache& cache_;
    std::shared_ptr<Object> object_;  // null: given up, or finished
    http::BodyRelay body_;
};

}  // namespace proxyd::cache
