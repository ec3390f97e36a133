// Whether the response is from a cache (configuration manual 7.3.6).
#include <array>

#include "proxyd/cache/visit.h"
#include "proxyd/rules/registry.h"

namespace proxyd::rules {
namespace {

// The cache that answers; null: another one does.
const cache::Cache* answering(const Context& context) {
    return context.cache != nullptr && context.cache->hit ? context.cache->answering : nullptr;
}

bool fetch_hit(const Context& context, const Arguments&, Cursor&, Sample& out) {
    return out.set_bool(answering(context) != nullptr), true;
}

bool fetch_name(const Context& context, const Arguments&, Cursor&, Sample& out) {
    const cache::Cache* cache = answering(context);
    if (cache != nullptr) out.set_text(cache->settings().name);
    return cache != nullptr;
}

constexpr std::array kRows{
    FetchRow{
        "res.cache_hit", SampleType::boolean, Source::server, {}, fetch_hit, "the answer is from a cache"},
    FetchRow{"res.cache_name", SampleType::string, Source::server, {}, fetch_name, "the name of that cache"},
};

}  // namespace

std::span<const FetchRow> cache_fetches() {
    return kRows;
}

}  // namespace proxyd::rules
