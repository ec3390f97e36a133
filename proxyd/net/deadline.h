// The worker's timing wheel: thousands of deadlines that are moved often and seldom fire. Setting or moving
// one is a few stores; the wheel looks at it lazily. Granularity 1 ms; one worker's thread only.
#pragma once

#include <array>
#include <cstdint>

#include "common/clock.h"

namespace proxyd::net {

class DeadlineWheel;

// An intrusive wheel entry. `fire` runs on the worker's thread, at most once per set(), never before its time
// and never inside set().
class Deadline {
 public:
    using Fire = void (*)(void* owner);
    Deadline(DeadlineWheel& wheel, Fire fire, void* owner) : wheel_(wheel), fire_(fire), owner_(owner) {}
    ~Deadline();
    Deadline(const Deadline&) = delete;
    Deadline& operator=(const Deadline&) = delete;

    void set(common::TimePoint when);  // later or earlier than before; kNever clears
    void clear() { when_ = common::kNever; }
    common::TimePoint when() const { return when_; }

 private:
    friend class DeadlineWheel;
    DeadlineWheel& wheel_;
    Fire fire_;
    void* owner_;
    common::TimePoint when_ = common::kNever;  // what the owner wants
    std::int64_t filed_ = -1;  // tick at which the wheel looks at it, not later than when_; -1: not filed
    Deadline* next_ = nullptr;
    Deadline** link_ = nullptr;  // what points here
};

// Four levels of 64 slots: 1 ms, 64 ms, 4 s, 4.4 min each. An entry lies in the coarsest slot that begins not
// after its time; when the wheel comes there it fires or is filed again, finer. An entry that was moved to a
// later time in the meantime is only looked at once. Times beyond the last level are looked at every 4.6 h.
class DeadlineWheel {
 public:
    explicit DeadlineWheel(common::TimePoint now) : epoch_(now) {}
    ~DeadlineWheel();
    DeadlineWheel(const DeadlineWheel&) = delete;
    DeadlineWheel& operator=(const DeadlineWheel&) = delete;

    // Fires what is due at `now`.
    void advance(common::TimePoint now);
    // When advance() has something to look at; kNever when nothing is filed.
    common::TimePoint next() const;

 private:
    friend class Deadline;
    static constexpr int kLevels = 4, kSlotBits = 6, kSlots = 1 << kSlotBits;
    struct Level {
        std::uint64_t filled = 0;  // bit per slot that may hold something
        std::array<Deadline*, kSlots> slots{};
    };

    std::int64_t tick_of(common::TimePoint when) const;  // rounded up: never early
    void file(Deadline& entry);
    static void unlink(Deadline& entry);
    std::int64_t next_tick() const;
    void visit(std::int64_t tick);
    void open_slot(Level& level, std::size_t slot, std::int64_t tick);

    common::TimePoint epoch_;
    std::int64_t current_ = 0;  // ticks already visited
    std::array<Level, kLevels> levels_{};
};

}  // namespace proxyd::net
