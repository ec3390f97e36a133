// How often something may happen: `burst` times at once, then once per `interval`. Pure and 16 bytes; the
// clock comes as argument.
#pragma once

#include <cstdint>

#include "common/clock.h"

namespace vrrpd::fsm {

class RateLimit {
 public:
    // Whether it may happen now; counts it when it may. `interval` > 0, `burst` >= 1.
    bool allow(common::TimePoint now, common::Duration interval, int burst) {
        if (full_at_ < now) full_at_ = now;
        if (full_at_ - now > interval * (burst - 1)) {
            ++refused_;
            return false;
        }
        full_at_ += interval;
        return true;
    }
    // How many were refused since this was last asked: for "(N more)".
    std::uint32_t take_refused() {
        const std::uint32_t count = refused_;
        refused_ = 0;
        return count;
    }

 private:
    common::TimePoint full_at_{};
    std::uint32_t refused_ = 0;
};

}  // namespace vrrpd::fsm
