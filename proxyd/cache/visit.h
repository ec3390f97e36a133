// What one request and its response have to do with caches. Kept by the session, filled by the rules
// cache-use and cache-store.
#pragma once

#include <memory>
#include <string_view>

#include "proxyd/cache/cache.h"
#include "proxyd/cache/policy.h"
#include "proxyd/cache/recording.h"

namespace proxyd::cache {

struct Visit {
    // cache-use: what the request was then, whatever rules make of it afterwards. The key is host and target;
    // it lasts as long as the request.
    std::string_view key;
    RequestTraits traits;
    RequestPolicy policy;
    int lookups = 0;  // not counted in statistics yet
    ObjectRef hit;
    const Cache* answering = nullptr;  // where the hit is from
    bool not_modified = false;         // 304 is enough
    std::string_view unsent;           // of the hit, what the compressor has not seen

    std::unique_ptr<Recording> recording;  // cache-store

    void clear() {
        if (key.data() == nullptr) return;
        *this = Visit();
    }
};

// `wall_now`: seconds since 1970.
void use(Cache& cache, const http::Message& request, common::Arena& arena, Visit& visit);
void store(Cache& cache, const http::Message& request, const http::Message& response, std::int64_t wall_now,
           Visit& visit);

}  // namespace proxyd::cache
