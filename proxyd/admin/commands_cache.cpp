// show cache (management manual 9.3).
#include <cstdio>

#include "proxyd/admin/commands.h"

namespace proxyd::admin {

namespace {

// HAProxy's memory is cut into blocks; ours is not, but tools read them.
constexpr std::uint64_t kBlock = 1024;

std::uint64_t blocks(std::uint64_t bytes) {
    return (bytes + kBlock - 1) / kBlock;
}

std::string object_line(cache::Cache& cache, const cache::ObjectRef& object, std::int64_t now) {
    const cache::Variant& variant = object->variant;
    const auto hash = static_cast<unsigned>(cache.hash(object->key));
    const std::uint64_t other = variant.any() ? cache.hash(variant.referer + '\n' + variant.origin) : 0;
    const unsigned codings = variant.by_encoding ? variant.codings : 0;
    const unsigned others = variant.by_referer || variant.by_origin ? static_cast<unsigned>(other) : 0;
    const std::uint64_t size = object->bytes();
    char line[256];
    std::snprintf(line, sizeof line,
                  "%p hash:%u vary:0x%08x%08x size:%llu (%llu blocks), refcount:%ld, expire:%lld\n",
                  static_cast<const void*>(object.get()), hash, codings, others,
                  static_cast<unsigned long long>(size), static_cast<unsigned long long>(blocks(size)),
                  object.use_count() - 2,  // the cache's and ours
                  static_cast<long long>(object->expires_at - now));
    return line;
}

std::string show_cache(const CommandCall& call) {
    std::string text;
    const std::int64_t now = cache::steady_seconds();
    for (const auto& cache : call.context.view->runtime->state->caches) {
        const auto* address = static_cast<const void*>(cache.get());
        const std::uint64_t total = cache->settings().total_size;
        char head[256];
        std::snprintf(head, sizeof head, "%p: %s (shctx:%p, available blocks:%llu)\n", address,
                      cache->settings().name.c_str(), address,
                      static_cast<unsigned long long>((total - std::min(total, cache->used())) / kBlock));
        text += head;
        for (const auto& object : cache->list(now)) text += object_line(*cache, object, now);
    }
    return text;
}

constexpr CommandRow kRows[] = {
    {"show cache", "", "responses that are kept, by cache", Level::oper, show_cache},
};

}  // namespace

std::span<const CommandRow> cache_commands() {
    return kRows;
}

}  // namespace proxyd::admin
