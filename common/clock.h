// Monotonic time. Pure parts take a TimePoint as argument and never read the clock themselves.
#pragma once

#include <chrono>

namespace common {

using Clock = std::chrono::steady_clock;  // CLOCK_MONOTONIC
using TimePoint = Clock::time_point;
using Duration = Clock::duration;  // nanoseconds

inline constexpr TimePoint kNever = TimePoint::max();

}  // namespace common
