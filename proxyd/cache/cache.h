// The responses of one `cache` section, shared by all workers: one memory of a fixed size, one short lock.
// When it is full, those that were not used for the longest time leave (configuration manual, chapter 6).
//
// A response is written by a Recording, out of sight and without the lock, and becomes visible when it is
// whole. A reload begins with an empty cache.
#pragma once

#include <list>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "common/siphash.h"
#include "proxyd/cache/object.h"
#include "proxyd/cache/settings.h"

namespace proxyd::cache {

using ObjectRef = std::shared_ptr<const Object>;

class Cache {
 public:
    explicit Cache(const Settings& settings) : settings_(settings) {}

    const Settings& settings() const { return settings_; }

    // Any thread from here on. `now`: steady_seconds().
    ObjectRef find(std::string_view key, const RequestTraits& traits, std::int64_t now);
    void remove(std::string_view key);  // all variants

    // Whether a response may begin to be written: not while the same is being written, nor when there are as
    // many variants as may be. True: its mark is set until publish() or give_up().
    bool begin(Object& object, std::int64_t now);
    // Takes room for more bytes of it, at the expense of the oldest. False: there is not enough that can go.
    bool charge(Object& object, std::uint64_t bytes);
    void publish(std::shared_ptr<Object> object);  // in the place of the same variant
    void give_up(const Object& object);

    // For operators; oldest first.
    std::vector<ObjectRef> list(std::int64_t now);
    std::uint64_t used() const { return usage_->load(std::memory_order_relaxed); }
    std::uint64_t hash(std::string_view key) const { return common::siphash(secret_, key); }

 private:
    using Order = std::list<std::shared_ptr<Object>>;
    using Index = std::unordered_multimap<std::uint64_t, Order::iterator>;
    using Victims = std::vector<std::shared_ptr<Object>>;  // destroyed after the lock is open again

    Index::iterator drop(Index::iterator at, Victims& victims);
    void drop(Order::iterator at, Victims& victims);
    template <class Which>
    void drop_if(std::uint64_t hash, std::string_view key, Victims& victims, Which which);
    bool make_room(std::uint64_t bytes, Victims& victims);

    const Settings settings_;
    const common::SipKey secret_ = common::random_sip_key();
    const std::shared_ptr<Usage> usage_ = std::make_shared<Usage>(0);
    std::mutex mutex_;
    Order order_;                                // oldest first
    Index index_;                                // by hash of the key
    std::unordered_set<std::uint64_t> written_;  // marks of objects that are being written
};

}  // namespace proxyd::cache
