// cache-use and cache-store (configuration manual 6.2.2). Whether a hit is sent, the session decides when the
// rules have run.
#include <array>
#include <ctime>

#include "proxyd/cache/visit.h"
#include "proxyd/rules/actions/action.h"

namespace proxyd::rules {
namespace {

using SettingsRef = std::shared_ptr<const cache::Settings>;

cache::Cache* cache_of(const cache::Settings& settings, const Context& context) {
    const bool there = context.cache != nullptr && context.shared != nullptr &&
                       settings.index < context.shared->caches.size();
    return there ? context.shared->caches[settings.index].get() : nullptr;
}

class CacheUse final : public Action {
 public:
    explicit CacheUse(SettingsRef settings) : settings_(std::move(settings)) {}
    bool run(Context& context, Verdict&) const override {
        cache::Cache* cache = cache_of(*settings_, context);
        if (cache == nullptr || context.request == nullptr || context.arena == nullptr) return true;
        cache::use(*cache, *context.request, *context.arena, *context.cache);
        return true;
    }

 private:
    SettingsRef settings_;
};

class CacheStore final : public Action {
 public:
    explicit CacheStore(SettingsRef settings) : settings_(std::move(settings)) {}
    bool run(Context& context, Verdict&) const override {
        cache::Cache* cache = cache_of(*settings_, context);
        if (cache == nullptr || context.request == nullptr || context.response == nullptr) return true;
        cache::store(*cache, *context.request, *context.response, std::time(nullptr), *context.cache);
        return true;
    }

 private:
    SettingsRef settings_;
};

template <class Kind>
ActionPtr parse(ActionWords& words) {
    const auto name = words.take("the name of a cache section");
    if (!name) return nullptr;
    auto& settings = words.catalogue().caches[std::string(*name)];
    if (settings == nullptr) settings = std::make_shared<cache::Settings>();
    settings->name = *name;
    if (settings->mentioned.line == 0) settings->mentioned = words.where();
    return std::make_shared<Kind>(settings);
}

constexpr std::array kRows{
    ActionRow{"cache-use", kInRequest, parse<CacheUse>, "answer from a cache when it can"},
    ActionRow{"cache-store", kInResponse, parse<CacheStore>, "keep the response in a cache"},
};

}  // namespace

std::span<const ActionRow> cache_actions() {
    return kRows;
}

}  // namespace proxyd::rules
