// Addresses of names that rules have asked for, as long as they count (`hold valid`). Any thread.
#pragma once

#include <compare>
#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "common/clock.h"
#include "common/endpoint.h"

namespace proxyd::upstream {

// What a rule asks: the section, the name in lower case, the family that it prefers.
struct NameKey {
    const void* section = nullptr;
    std::string name;
    int family = 0;
    auto operator<=>(const NameKey&) const = default;
};

class NameMemory {
 public:
    std::optional<common::Endpoint> find(const NameKey& key, common::TimePoint now) const {
        const std::lock_guard lock(mutex_);
        const auto found = entries_.find(key);
        if (found == entries_.end() || found->second.until <= now) return std::nullopt;
        return found->second.address;
    }

    void keep(const NameKey& key, const common::Endpoint& address, common::TimePoint until) {
        const std::lock_guard lock(mutex_);
        if (entries_.size() < kMost || entries_.contains(key)) entries_[key] = {address, until};
    }

    // Clients choose names: what does not count any more takes no room.
    void forget_old(common::TimePoint now) {
        const std::lock_guard lock(mutex_);
        std::erase_if(entries_, [&](const auto& entry) { return entry.second.until <= now; });
    }

    std::size_t size() const {
        const std::lock_guard lock(mutex_);
        return entries_.size();
    }

 private:
    static constexpr std::size_t kMost = 65536;
    struct Entry {
        common::Endpoint address;
        common::TimePoint until;
    };
    mutable std::mutex mutex_;
    std::map<NameKey, Entry> entries_;
};

}  // namespace proxyd::upstream
