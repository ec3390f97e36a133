#include "proxyd/state/counters.h"

#include <algorithm>
#include <chrono>

namespace proxyd::state {

namespace {

constexpr std::uint64_t kCountBits = 22;
constexpr std::uint64_t kCountMask = (1U << kCountBits) - 1;
constexpr std::uint64_t kSecondMask = (1U << 20U) - 1;
constexpr std::uint64_t kFull = kCountMask - 1024;  // room for threads that add at once after having looked

struct Window {
    std::uint64_t second, previous, current;
};

Window unpack(std::uint64_t word) {
    return {word >> (2 * kCountBits), (word >> kCountBits) & kCountMask, word & kCountMask};
}

std::uint64_t pack(const Window& window) {
    return window.second << (2 * kCountBits) | window.previous << kCountBits | window.current;
}

std::uint64_t milliseconds(common::TimePoint now) {
    return static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch()).count());
}

// The window moved to `second`. Workers read their clocks at different moments: an event that belongs to the
// second before the window's counts in the window's.
Window moved(Window window, std::uint64_t second) {
    const std::uint64_t ahead = (second - window.second) & kSecondMask;
    if (ahead == 0 || ahead > kSecondMask / 2) return window;
    return {second, ahead == 1 ? window.current : 0, 0};
}

std::uint32_t rate_of(const Window& window, std::uint64_t ms) {
    const bool inside = window.second == ((ms / 1000) & kSecondMask);
    const std::uint64_t left =
        inside ? 1000 - ms % 1000 : 1000;  // of the previous second, milliseconds still in sight
    // One event and then silence would flicker between 0 and 1: it stays in sight for its whole second.
    if (window.previous <= 1 && window.current == 0) return static_cast<std::uint32_t>(window.previous);
    return static_cast<std::uint32_t>(window.current + window.previous * left / 1000);
}

template <class T>
void raise(std::atomic<T>& maximum, T value) {
    T seen = maximum.load(std::memory_order_relaxed);
    while (seen < value && !maximum.compare_exchange_weak(seen, value, std::memory_order_relaxed)) {
    }
}

}  // namespace

std::int64_t Gauge::enter() {
    const std::int64_t value = now_.fetch_add(1, std::memory_order_relaxed) + 1;
    raise(max_, value);
    return value;
}

std::uint32_t Rate::tick(common::TimePoint now, std::uint32_t count) {
    const std::uint64_t ms = milliseconds(now);
    const std::uint64_t second = (ms / 1000) & kSecondMask;
    std::uint64_t word = window_.load(std::memory_order_relaxed);
    for (;;) {
        Window window = moved(unpack(word), second);
        window.current = std::min<std::uint64_t>(window.current + count, kFull);
        if (window_.compare_exchange_weak(word, pack(window), std::memory_order_relaxed)) {
            const std::uint32_t rate = rate_of(window, ms);
            raise(max_, rate);
            return rate;
        }
    }
}

std::uint32_t Rate::per_second(common::TimePoint now) const {
    const std::uint64_t ms = milliseconds(now);
    return rate_of(moved(unpack(window_.load(std::memory_order_relaxed)), (ms / 1000) & kSecondMask), ms);
}

}  // namespace proxyd::state
