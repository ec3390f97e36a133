// Stick-table entries that a connection or an exchange tracks (configuration manual 4.2 "track-sc0"): their
// counters follow what it does, and the entries stay as long as it lasts.
#pragma once

#include <array>
#include <cstdint>

#include "proxyd/rules/sample.h"
#include "proxyd/state/stick_table.h"

namespace proxyd::rules {

inline constexpr std::size_t kTrackedCounters = 3;  // sc0, sc1, sc2

// The entry's key for a sample; false: the sample cannot be one of that table. `room` holds it.
bool stick_key(const state::StickTable& table, Sample sample, common::Arena* arena, std::string& room);
// And how operators see it.
std::string stick_key_text(const state::StickTable& table, std::string_view key);

class Tracking {
 public:
    struct Slot {
        state::StickTable* table = nullptr;
        state::StickTable::Entry* entry = nullptr;
    };

    Tracking() = default;
    ~Tracking() { clear(); }
    Tracking(const Tracking&) = delete;
    Tracking& operator=(const Tracking&) = delete;

    const Slot& slot(std::size_t which) const { return slots_[which]; }
    // Begins to track, and counts a connection of it; nothing when that counter tracks already.
    void start(std::size_t which, state::StickTable& table, std::string_view key);
    void clear();

    // Adds to a counter and to its rate in all tracked entries, where their tables store them.
    void count(state::StickData counter, state::StickData rate, std::uint64_t amount);
    void count_one(std::size_t which, state::StickData counter, state::StickData rate);
    bool any() const { return any_; }

 private:
    std::array<Slot, kTrackedCounters> slots_{};
    bool any_ = false;
};

}  // namespace proxyd::rules
