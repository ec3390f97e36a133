// Stick tables (configuration manual 4.2 "stick-table"): what is known of each client, token or whatever the
// key says, shared by all workers. An entry is created at its first touch and goes when it was not touched
// for `expire`, or when room is needed; never while a connection or request tracks it.
//
// A table is cut into shards with a lock each; a section under it is a few memory accesses.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace proxyd::state {

enum class StickKey : std::uint8_t { ipv4, ipv6, integer, text, binary };

// In the order in which `show table` prints them.
enum class StickData : std::uint8_t {
    server_id,
    gpt0,
    gpc0,
    gpc0_rate,
    conn_cnt,
    conn_rate,
    conn_cur,
    sess_cnt,
    sess_rate,
    http_req_cnt,
    http_req_rate,
    http_err_cnt,
    http_err_rate,
    bytes_in_cnt,
    bytes_in_rate,
    bytes_out_cnt,
    bytes_out_rate,
    gpc1,
    gpc1_rate,
    server_key,
    http_fail_cnt,
    http_fail_rate,
    gpt,
    gpc,
    gpc_rate
};
inline constexpr std::size_t kStickData = 25;

struct StickDataRow {
    std::string_view name;
    StickData data;
    bool is_rate;   // takes a period
    bool is_array;  // takes a number of elements, before the period
};
std::span<const StickDataRow> stick_data_rows();

// Events of a sliding period: those of the current one, and the part of the last that has not slid out.
struct StickRate {
    std::int64_t start_ms = 0;
    std::uint32_t current = 0, previous = 0;

    void add(std::uint32_t count, std::int64_t now_ms, std::int64_t period_ms);
    std::uint32_t read(std::int64_t now_ms, std::int64_t period_ms) const;

 private:
    void roll(std::int64_t now_ms, std::int64_t period_ms);
};

struct StickTableSettings {
    StickKey key = StickKey::ipv4;
    std::size_t key_size = 32;   // text, binary: at most that many bytes count
    std::size_t size = 0;        // entries
    std::int64_t expire_ms = 0;  // 0: never
    bool nopurge = false;
    struct Stored {
        StickData data;
        std::int64_t period_ms = 0;  // rates
        unsigned elements = 1;       // arrays
    };
    std::vector<Stored> stored;
};

class StickTable {
 public:
    explicit StickTable(StickTableSettings settings);

    struct Cell {
        std::uint64_t count = 0;  // all but rates
        StickRate rate;
    };
    struct Entry {
        std::string key;  // as key_text() makes it
        std::int64_t expires_ms = 0;
        unsigned users = 0;  // that track it
        std::vector<Cell> cells;
        std::list<Entry*>::iterator age;
        std::uint64_t change = 0;  // number of its last change, with note_changes()
        bool learned = false;      // the last change came from another process
    };

    const StickTableSettings& settings() const { return settings_; }
    std::size_t used() const { return used_.load(std::memory_order_relaxed); }

    // Where a datum lies in an entry; nothing: not stored. Of arrays the element.
    std::optional<std::size_t> place(StickData data, unsigned element = 0) const;
    std::int64_t period_ms(StickData data) const;

    // Calls with the entry, under its lock; false: there is none (create: no room). `touch`: the time to live
    // begins anew.
    template <class Use>
    bool with(std::string_view key, bool create, bool touch, Use use) {
        Shard& shard = shard_of(key);
        const std::lock_guard lock(shard.mutex);
        Entry* entry = find(shard, key, create, touch);
        if (entry == nullptr) return false;
        use(*entry);
        if (touch && noting_) note(shard, *entry, false);
        return true;
    }
    // The same for an entry that is tracked, and so stays where it is.
    template <class Use>
    void with(Entry& entry, Use use) {
        Shard& shard = shard_of(entry.key);
        const std::lock_guard lock(shard.mutex);
        use(entry);
        if (noting_) note(shard, entry, false);
    }
    // Tracked until release(); null: no room.
    Entry* hold(std::string_view key);
    void release(Entry& entry);

    // False: there is none, or it is tracked.
    bool remove(std::string_view key);
    void for_each(const std::function<void(const Entry&)>& visit);
    void remove_if(const std::function<bool(const Entry&)>& which);

    // For those who share the table with other processes (peers): from now on changes are numbered. Before
    // other threads use the table.
    void note_changes() { noting_ = true; }
    std::uint64_t changes() const { return changes_.load(std::memory_order_relaxed); }
    // Calls `visit` for up to `most` entries of a shard whose last change is behind `after`, in the order of
    // their changes, under the shard's lock. The number of the last one; `after` when there was none.
    static constexpr std::size_t kShards = 16;
    std::uint64_t visit_changes(std::size_t shard, std::uint64_t after, std::size_t most,
                                const std::function<void(const Entry&)>& visit);
    // As with(), for what another process tells; nothing happens when there is no room.
    void learn(std::string_view key, std::int64_t expires_ms, const std::function<void(Entry&)>& use);

    // Milliseconds of CLOCK_MONOTONIC.
    static std::int64_t now_ms() {
        return std::chrono::duration_cast<std::chrono::milliseconds>(
                   std::chrono::steady_clock::now().time_since_epoch())
            .count();
    }

 private:
    struct Shard {
        std::mutex mutex;
        std::map<std::uint64_t, Entry*> by_change;  // with note_changes()
        std::unordered_map<std::string_view, std::unique_ptr<Entry>> entries;
        std::list<Entry*> by_age;  // touched last at the end
    };

    Shard& shard_of(std::string_view key) { return shards_[std::hash<std::string_view>()(key) % kShards]; }
    Entry* find(Shard& shard, std::string_view key, bool create, bool touch);
    static constexpr int kMostLooks = 16;  // a shard of tracked entries must not cost more
    bool drop_oldest(Shard& shard);
    bool make_room(Shard& shard, std::int64_t now);
    void erase(Shard& shard, Entry& entry);
    void note(Shard& shard, Entry& entry, bool learned);

    StickTableSettings settings_;
    std::array<int, kStickData> places_;  // -1: not stored
    std::size_t cells_ = 0;
    std::array<Shard, kShards> shards_;
    std::atomic<std::size_t> used_{0};
    bool noting_ = false;
    std::atomic<std::uint64_t> changes_{0};
};

}  // namespace proxyd::state
