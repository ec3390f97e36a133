#include "proxyd/state/stick_table.h"

#include <algorithm>

namespace proxyd::state {
namespace {

using enum StickData;
constexpr std::array kRows{
    StickDataRow{"server_id", server_id, false, false},
    StickDataRow{"gpt0", gpt0, false, false},
    StickDataRow{"gpc0", gpc0, false, false},
    StickDataRow{"gpc0_rate", gpc0_rate, true, false},
    StickDataRow{"conn_cnt", conn_cnt, false, false},
    StickDataRow{"conn_rate", conn_rate, true, false},
    StickDataRow{"conn_cur", conn_cur, false, false},
    StickDataRow{"sess_cnt", sess_cnt, false, false},
    StickDataRow{"sess_rate", sess_rate, true, false},
    StickDataRow{"http_req_cnt", http_req_cnt, false, false},
    StickDataRow{"http_req_rate", http_req_rate, true, false},
    StickDataRow{"http_err_cnt", http_err_cnt, false, false},
    StickDataRow{"http_err_rate", http_err_rate, true, false},
    StickDataRow{"bytes_in_cnt", bytes_in_cnt, false, false},
    StickDataRow{"bytes_in_rate", bytes_in_rate, true, false},
    StickDataRow{"bytes_out_cnt", bytes_out_cnt, false, false},
    StickDataRow{"bytes_out_rate", bytes_out_rate, true, false},
    StickDataRow{"gpc1", gpc1, false, false},
    StickDataRow{"gpc1_rate", gpc1_rate, true, false},
    StickDataRow{"server_key", server_key, false, false},
    StickDataRow{"http_fail_cnt", http_fail_cnt, false, false},
    StickDataRow{"http_fail_rate", http_fail_rate, true, false},
    StickDataRow{"gpt", gpt, false, true},
    StickDataRow{"gpc", gpc, false, true},
    StickDataRow{"gpc_rate", gpc_rate, true, true},
};

// The arrays hold what the single counters of the same name would.
StickData array_of(StickData data, unsigned& element) {
    switch (data) {
        case gpt0:
            return gpt;
        case gpc0:
            return gpc;
        case gpc0_rate:
            return gpc_rate;
        case gpc1:
            element = 1;
            return gpc;
        case gpc1_rate:
            element = 1;
            return gpc_rate;
        default:
            return data;
    }
}

}  // namespace

std::span<const StickDataRow> stick_data_rows() {
    return kRows;
}

void StickRate::roll(std::int64_t now_ms, std::int64_t period_ms) {
    const std::int64_t age = now_ms - start_ms;
    if (age < period_ms) return;
    previous = age < 2 * period_ms ? current : 0;
    current = 0;
    start_ms = age < 2 * period_ms ? start_ms + period_ms : now_ms;
}

void StickRate::add(std::uint32_t count, std::int64_t now_ms, std::int64_t period_ms) {
    roll(now_ms, period_ms);
    current += count;
}

std::uint32_t StickRate::read(std::int64_t now_ms, std::int64_t period_ms) const {
    if (period_ms <= 0) return 0;
    StickRate rolled = *this;
    rolled.roll(now_ms, period_ms);
    const std::int64_t remains = period_ms - (now_ms - rolled.start_ms);
    return rolled.current +
           static_cast<std::uint32_t>(static_cast<std::int64_t>(rolled.previous) * remains / period_ms);
}

StickTable::StickTable(StickTableSettings settings) : settings_(std::move(settings)) {
    places_.fill(-1);
    for (const auto& stored : settings_.stored) {
        places_[static_cast<std::size_t>(stored.data)] = static_cast<int>(cells_);
        cells_ += stored.elements;
    }
}

std::optional<std::size_t> StickTable::place(StickData data, unsigned element) const {
    const int single = places_[static_cast<std::size_t>(data)];
    if (single >= 0 && element == 0) return static_cast<std::size_t>(single);
    const StickData array = array_of(data, element);
    const int first = places_[static_cast<std::size_t>(array)];
    if (first < 0) return std::nullopt;
    const auto stored = std::ranges::find(settings_.stored, array, &StickTableSettings::Stored::data);
    if (element >= stored->elements) return std::nullopt;
    return static_cast<std::size_t>(first) + element;
}

std::int64_t StickTable::period_ms(StickData data) const {
    unsigned element = 0;
    for (const StickData wanted : {data, array_of(data, element)})
        for (const auto& stored : settings_.stored)
            if (stored.data == wanted) return stored.period_ms;
    return 0;
}

void StickTable::erase(Shard& shard, Entry& entry) {
    shard.by_age.erase(entry.age);
    if (entry.change != 0) shard.by_change.erase(entry.change);
    shard.entries.erase(std::string_view(entry.key));
    used_.fetch_sub(1, std::memory_order_relaxed);
}

// The entry of this shard that was touched longest ago and is not tracked. False: there is none near the old
// end.
bool StickTable::drop_oldest(Shard& shard) {
    int looks = 0;
    for (Entry* entry : shard.by_age) {
        if (++looks > kMostLooks) break;
        if (entry->users > 0) continue;
        erase(shard, *entry);
        return true;
    }
    return false;
}

// Expired entries of this shard go; when that is not enough the oldest one, of another shard if need be.
bool StickTable::make_room(Shard& shard, std::int64_t now) {
    int looks = 0;
    for (auto it = shard.by_age.begin(); it != shard.by_age.end() && looks < kMostLooks; ++looks) {
        Entry& entry = **it++;
        const bool expired = settings_.expire_ms > 0 && entry.expires_ms <= now;
        if (!expired) break;
        if (entry.users == 0) erase(shard, entry);
    }
    if (used_.load(std::memory_order_relaxed) < settings_.size) return true;
    if (settings_.nopurge) return false;
    if (drop_oldest(shard)) return true;
    for (Shard& other : shards_) {
        if (&other == &shard) continue;
        const std::unique_lock lock(other.mutex, std::try_to_lock);  // nobody waits with two locks
        if (lock && drop_oldest(other)) return true;
    }
    return false;
}

StickTable::Entry* StickTable::find(Shard& shard, std::string_view key, bool create, bool touch) {
    const std::int64_t now = now_ms();
    const auto found = shard.entries.find(key);
    Entry* entry = found == shard.entries.end() ? nullptr : found->second.get();
    if (entry != nullptr && entry->users == 0 && settings_.expire_ms > 0 && entry->expires_ms <= now) {
        erase(shard, *entry);
        entry = nullptr;
    }
    if (entry == nullptr) {
        if (!create || !make_room(shard, now)) return nullptr;
        auto fresh = std::make_unique<Entry>();
        entry = fresh.get();
        entry->key = key;
        entry->cells.resize(cells_);
        entry->age = shard.by_age.insert(shard.by_age.end(), entry);
        entry->expires_ms = now + settings_.expire_ms;
        shard.entries.emplace(std::string_view(entry->key), std::move(fresh));
        used_.fetch_add(1, std::memory_order_relaxed);
    } else if (touch) {
        entry->expires_ms = now + settings_.expire_ms;
        shard.by_age.splice(shard.by_age.end(), shard.by_age, entry->age);
    }
    return entry;
}

StickTable::Entry* StickTable::hold(std::string_view key) {
    Entry* held = nullptr;
    with(key, true, true, [&](Entry& entry) {
        ++entry.users;
        held = &entry;
    });
    return held;
}

void StickTable::release(Entry& entry) {
    Shard& shard = shard_of(entry.key);
    const std::lock_guard lock(shard.mutex);
    --entry.users;
    entry.expires_ms = now_ms() + settings_.expire_ms;
    shard.by_age.splice(shard.by_age.end(), shard.by_age, entry.age);
    if (noting_) note(shard, entry, false);
}

void StickTable::note(Shard& shard, Entry& entry, bool learned) {
    auto node = shard.by_change.extract(entry.change);
    entry.change = changes_.fetch_add(1, std::memory_order_relaxed) + 1;
    entry.learned = learned;
    if (node.empty()) {
        shard.by_change.emplace_hint(shard.by_change.end(), entry.change, &entry);
    } else {
        node.key() = entry.change;
        shard.by_change.insert(shard.by_change.end(), std::move(node));
    }
}

std::uint64_t StickTable::visit_changes(std::size_t number, std::uint64_t after, std::size_t most,
                                        const std::function<void(const Entry&)>& visit) {
    Shard& shard = shards_[number];
    const std::int64_t now = now_ms();
    const std::lock_guard lock(shard.mutex);
    auto at = shard.by_change.upper_bound(after);
    for (; at != shard.by_change.end() && most > 0; ++at, --most) {
        const Entry& entry = *at->second;
        after = at->first;
        if (entry.users > 0 || settings_.expire_ms == 0 || entry.expires_ms > now) visit(entry);
    }
    return after;
}

void StickTable::learn(std::string_view key, std::int64_t expires_ms,
                       const std::function<void(Entry&)>& use) {
    Shard& shard = shard_of(key);
    const std::lock_guard lock(shard.mutex);
    Entry* entry = find(shard, key, true, true);
    if (entry == nullptr) return;
    use(*entry);
    entry->expires_ms = expires_ms;
    if (noting_) note(shard, *entry, true);
}

bool StickTable::remove(std::string_view key) {
    Shard& shard = shard_of(key);
    const std::lock_guard lock(shard.mutex);
    Entry* entry = find(shard, key, false, false);
    if (entry == nullptr || entry->users > 0) return false;
    erase(shard, *entry);
    return true;
}

void StickTable::for_each(const std::function<void(const Entry&)>& visit) {
    const std::int64_t now = now_ms();
    for (Shard& shard : shards_) {
        const std::lock_guard lock(shard.mutex);
        for (const Entry* entry : shard.by_age)
            if (entry->users > 0 || settings_.expire_ms == 0 || entry->expires_ms > now) visit(*entry);
    }
}

void StickTable::remove_if(const std::function<bool(const Entry&)>& which) {
    for (Shard& shard : shards_) {
        const std::lock_guard lock(shard.mutex);
        for (auto it = shard.by_age.begin(); it != shard.by_age.end();) {
            Entry& entry = **it++;
            if (entry.users == 0 && which(entry)) erase(shard, entry);
        }
    }
}

}  // namespace proxyd::state
