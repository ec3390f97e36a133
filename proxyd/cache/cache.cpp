#include "proxyd/cache/cache.h"

#include <utility>

namespace proxyd::cache {

namespace {

// So many old objects that are just being sent are passed over in the search for room.
constexpr int kMostPassedOver = 64;

}  // namespace

ObjectRef Cache::find(std::string_view key, const RequestTraits& traits, std::int64_t now) {
    const std::uint64_t hash = this->hash(key);
    Victims victims;
    const std::lock_guard lock(mutex_);
    auto [at, end] = index_.equal_range(hash);
    while (at != end) {
        const std::shared_ptr<Object>& object = *at->second;
        if (object->key != key || !object->variant.fits(traits)) {
            ++at;
        } else if (object->expires_at <= now) {
            at = drop(at, victims);
        } else {
            order_.splice(order_.end(), order_, at->second);
            return object;
        }
    }
    return nullptr;
}

void Cache::remove(std::string_view key) {
    Victims victims;
    const std::lock_guard lock(mutex_);
    drop_if(hash(key), key, victims, [](const Object&) { return true; });
}

bool Cache::begin(Object& object, std::int64_t now) {
    const std::uint64_t hash = this->hash(object.key);
    std::string variant = object.variant.referer + '\n' + object.variant.origin + '\n';
    variant += std::to_string(object.variant.codings);
    object.mark = hash ^ this->hash(variant);
    Victims victims;
    const std::lock_guard lock(mutex_);
    if (object.variant.any()) {
        drop_if(hash, object.key, victims, [now](const Object& each) { return each.expires_at <= now; });
        std::size_t others = 0;
        for (auto [at, end] = index_.equal_range(hash); at != end; ++at) {
            const Object& each = **at->second;
            others += each.key == object.key && each.variant.same_rule(object.variant) &&
                              !(each.variant == object.variant)
                          ? 1
                          : 0;
        }
        if (others >= settings_.max_variants) return false;
    }
    return written_.insert(object.mark).second;
}

bool Cache::charge(Object& object, std::uint64_t bytes) {
    Victims victims;
    const std::lock_guard lock(mutex_);
    if (!make_room(bytes, victims)) return false;
    object.usage = usage_;
    object.charged += bytes;
    usage_->fetch_add(bytes, std::memory_order_relaxed);
    return true;
}

void Cache::publish(std::shared_ptr<Object> object) {
    const std::uint64_t hash = this->hash(object->key);
    const Variant& variant = object->variant;
    Victims victims;
    const std::lock_guard lock(mutex_);
    written_.erase(object->mark);
    drop_if(hash, object->key, victims,
            [&](const Object& each) { return !each.variant.same_rule(variant) || each.variant == variant; });
    order_.push_back(std::move(object));
    index_.emplace(hash, std::prev(order_.end()));
}

void Cache::give_up(const Object& object) {
    const std::lock_guard lock(mutex_);
    written_.erase(object.mark);
}

std::vector<ObjectRef> Cache::list(std::int64_t now) {
    std::vector<ObjectRef> out;
    const std::lock_guard lock(mutex_);
    for (const auto& object : order_)
        if (object->expires_at > now) out.push_back(object);
    return out;
}

Cache::Index::iterator Cache::drop(Index::iterator at, Victims& victims) {
    victims.push_back(std::move(*at->second));
    order_.erase(at->second);
    return index_.erase(at);
}

void Cache::drop(Order::iterator which, Victims& victims) {
    auto [at, end] = index_.equal_range(hash((*which)->key));
    while (at != end && at->second != which) ++at;
    drop(at, victims);
}

template <class Which>
void Cache::drop_if(std::uint64_t hash, std::string_view key, Victims& victims, Which which) {
    auto [at, end] = index_.equal_range(hash);
    while (at != end)
        if ((*at->second)->key == key && which(**at->second))
            at = drop(at, victims);
        else
            ++at;
}

bool Cache::make_room(std::uint64_t bytes, Victims& victims) {
    std::uint64_t used = this->used();  // only grows under the lock
    int passed_over = 0;
    for (auto at = order_.begin(); used + bytes > settings_.total_size;) {
        if (at == order_.end()) return false;
        const auto which = at++;
        if (which->use_count() > 1) {
            if (++passed_over > kMostPassedOver) return false;
            continue;
        }
        used -= std::min(used, (*which)->charged);
        drop(which, victims);
    }
    return true;
}

}  // namespace proxyd::cache
