#include "proxyd/cache/visit.h"

#include <utility>

namespace proxyd::cache {

void use(Cache& cache, const http::Message& request, common::Arena& arena, Visit& visit) {
    if (visit.hit || request.host().empty()) return;
    visit.key = arena.concat({request.host(), request.path_and_query()});
    visit.policy = judge_request(request);
    if (cache.settings().process_vary) {
        visit.traits = traits_of(request.fields);
        visit.traits.referer = arena.copy(visit.traits.referer);
        visit.traits.origin = arena.copy(visit.traits.origin);
    }
    if (!visit.policy.may_use) return;
    ++visit.lookups;
    visit.hit = cache.find(visit.key, visit.traits, steady_seconds());
    if (!visit.hit) return;
    visit.answering = &cache;
    visit.not_modified = not_modified(request, visit.hit->etag, visit.hit->last_modified);
}

void store(Cache& cache, const http::Message& request, const http::Message& response, std::int64_t wall_now,
           Visit& visit) {
    if (visit.hit || visit.key.empty() || visit.recording) return;
    if (invalidates(request.method, response.status)) return cache.remove(visit.key);
    if (!visit.policy.may_store || request.method != http::Method::get) return;
    const auto freshness = judge_response(response, wall_now, cache.settings().max_age);
    if (!freshness) return;
    auto variant = variant_of(response.fields, visit.traits);
    if (!variant || (!cache.settings().process_vary && response.fields.find("vary"))) return;
    visit.recording = Recording::begin(cache, visit.key, std::move(*variant), response, *freshness, wall_now);
}

}  // namespace proxyd::cache
