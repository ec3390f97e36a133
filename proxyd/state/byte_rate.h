// How many bytes may pass at a limit of so many per period (configuration manual of HAProxy 2.7,
// `filter bwlim-out`): those of any period that ends now are at most the limit. Pure; one thread, or a lock.
#pragma once

#include <algorithm>
#include <cstdint>

namespace proxyd::state {

// Bytes of the current period, and the part of the last one's that has not slid out.
class ByteRate {
 public:
    void add(std::uint64_t bytes, std::int64_t now_ms, std::int64_t period_ms) {
        roll(now_ms, period_ms);
        current_ += bytes;
    }

    std::uint64_t read(std::int64_t now_ms, std::int64_t period_ms) const {
        ByteRate now = *this;
        now.roll(now_ms, period_ms);
        const auto left = static_cast<std::uint64_t>(period_ms - (now_ms - now.start_ms_));
        return now.current_ + now.previous_ / static_cast<std::uint64_t>(period_ms) * left +
               now.previous_ % static_cast<std::uint64_t>(period_ms) * left /
                   static_cast<std::uint64_t>(period_ms);
    }

 private:
    void roll(std::int64_t now_ms, std::int64_t period_ms) {
        const std::int64_t elapsed = now_ms - start_ms_;
        if (elapsed < period_ms) return;
        previous_ = elapsed < 2 * period_ms ? current_ : 0;
        current_ = 0;
        start_ms_ = elapsed < 2 * period_ms ? start_ms_ + period_ms : now_ms;
    }

    std::int64_t start_ms_ = 0;
    std::uint64_t current_ = 0, previous_ = 0;
};

// What passes now, and when to look again.
struct Allowance {
    std::uint64_t bytes = 0;
    std::int64_t wait_ms = 0;  // 0: at once
};

// `used`: of the period that ends now. `wanted`: what is there, not 0. `least`: what passes at a time at
// least, unless it is the rest; so the limit is exceeded by that much at most. `users` share the limit.
inline Allowance allowance(std::uint64_t used, std::uint64_t wanted, std::uint64_t limit,
                           std::int64_t period_ms, std::uint64_t least, unsigned users = 1) {
    // Fewer bytes than what passes in some milliseconds are not worth a write.
    const auto period = static_cast<std::uint64_t>(std::max<std::int64_t>(period_ms, 1));
    const std::uint64_t step_ms = std::clamp<std::uint64_t>(period / 20, 1, 20);
    const std::uint64_t share = std::max<std::uint64_t>(limit / users, 1);
    const std::uint64_t step = std::clamp<std::uint64_t>(limit / period * step_ms, 1, share);
    const std::uint64_t worth = std::min(wanted, step);
    const std::uint64_t free = used < limit ? std::max<std::uint64_t>((limit - used) / users, 1) : 0;
    if (free >= worth) return {std::min(wanted, std::max(free, least)), 0};
    // As if what is used slid out evenly.
    const std::uint64_t missing = used + worth * users - limit;
    const std::uint64_t wait = missing * period / std::max<std::uint64_t>(limit, 1);
    return {0,
            std::clamp<std::int64_t>(static_cast<std::int64_t>(wait), 1, static_cast<std::int64_t>(period))};
}

}  // namespace proxyd::state
