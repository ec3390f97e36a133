// The worker's timing wheel: thousands of deadlines that are moved often and seldom fire. Setting or moving one is a
// few stores; the wheel looks at it lazily. Granularity 1 ms; one worker's thread only.
#pragma once

#include "common/clock.h"

namespace proxyd::net {

class DeadlineWheel;

// An intrusive wheel entry. `fire` runs on the worker's thread, at most once per set().
class Deadline {
   public:
    using Fire = void (*)(void* owner);
    Deadline(DeadlineWheel& wheel, Fire fire, void* owner) : wheel_(wheel), fire_(fire), owner_(owner) {}
    ~Deadline();
    Deadline(const Deadline&) = delete;
    Deadline& operator=(const Deadline&) = delete;

    void set(common::TimePoint when);  // later or earlier than before; kNever clears
    void clear() { set(common::kNever); }
    common::TimePoint when() const { return when_; }

   private:
    friend class DeadlineWheel;
    DeadlineWheel& wheel_;
    Fire fire_;
    void* owner_;
    common::TimePoint when_ = common::kNever;   // what the owner wants
    common::TimePoint filed_ = common::kNever;  // the slot it lies in (not later than when_)
    Deadline* next_ = nullptr;
    Deadline* previous_ = nullptr;
};

}  // namespace proxyd::net
