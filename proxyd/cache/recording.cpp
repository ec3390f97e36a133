#include "proxyd/cache/recording.h"

#include <algorithm>
#include <utility>

namespace proxyd::cache {

namespace {

constexpr std::size_t kFirstRoom = 4096;  // for a body of unknown length; doubled as it grows

}  // namespace

std::unique_ptr<Recording> Recording::begin(Cache& cache, std::string_view key, Variant variant,
                                            const http::Message& response, Freshness freshness,
                                            std::int64_t wall_now) {
    const bool known = response.framing == http::Framing::length;
    const std::uint64_t limit = cache.settings().object_limit();
    if (known && response.content_length > limit) return nullptr;
    const std::int64_t now = steady_seconds();
    auto object = std::make_shared<Object>();
    object->key = key;
    object->variant = std::move(variant);
    object->framing =
        known || response.framing == http::Framing::none ? http::Framing::length : http::Framing::chunked;
    object->stored_at = now;
    object->expires_at = now + freshness.lifetime;
    object->age = freshness.age;
    object->last_modified = last_modified(response.fields, wall_now);
    object->keep_head(response);
    if (object->head.size() + (known ? response.content_length : 0) > limit) return nullptr;
    if (!cache.begin(*object, now)) return nullptr;
    std::unique_ptr<Recording> recording(new Recording(cache, std::move(object)));
    Object& made = *recording->object_;
    const std::uint64_t room = known ? response.content_length : 0;
    if (!cache.charge(made, made.bytes() + room)) return nullptr;
    made.body.reserve(room);
    recording->body_.start(response, http::Framing::until_close);
    return recording;
}

Recording::~Recording() {
    abandon();
}

void Recording::abandon() {
    if (object_) cache_.give_up(*object_);
    object_.reset();
}

bool Recording::add(std::string_view payload) {
    std::string& body = object_->body;
    const std::uint64_t size = body.size() + payload.size();
    const std::uint64_t limit = cache_.settings().object_limit();
    if (size + object_->head.size() > limit) return false;
    if (size > body.capacity()) {
        const std::uint64_t wanted =
            std::min(std::max<std::uint64_t>({size, 2 * body.capacity(), kFirstRoom}), limit);
        if (!cache_.charge(*object_, wanted - body.capacity())) return false;
        body.reserve(wanted);
    }
    body.append(payload);
    return true;
}

void Recording::take(std::string_view received) {
    if (!object_) return;
    bool stored = true;
    body_.decode(received, [&](std::string_view payload) { stored = stored && add(payload); });
    if (!stored) abandon();
}

void Recording::finish() {
    if (object_) cache_.publish(std::exchange(object_, nullptr));
}

}  // namespace proxyd::cache
