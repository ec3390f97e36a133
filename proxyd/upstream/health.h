// The rise and fall of a server: results of checks in, "it went down" out. Pure; who runs the checks is
// prober.h.
//
//   value   0 ... rise-1 | rise ... rise+fall-1
//           DOWN         | UP
// A failure takes one away, and below rise everything: a server that is down starts over. A success adds one,
// and from rise on everything. A server starts at rise: up, and down with its first failure.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>

#include "common/clock.h"
#include "proxyd/upstream/settings.h"

namespace proxyd::upstream {

class Health {
 public:
    enum class Change : unsigned char { none, went_up, went_down };
    struct Outcome {
        Change change = Change::none;
        bool moved = false;  // the value changed: worth a line with option log-health-checks
    };

    Health(int rise, int fall, InitState at_first = InitState::up);

    Outcome passed();
    Outcome failed();
    void force_down() { value_ = 0; }  // no address, no checks yet
    // Up as before, but the next failure but `spare` takes it down (on-error).
    void weaken(int spare) { value_ = std::min(value_, rise_ + spare); }

    bool up() const { return value_ >= rise_; }
    bool steady() const { return value_ == 0 || value_ == rise_ + fall_ - 1; }
    // The 2 and the 3 of "UP 2/3": how far it is from the other state, of fall while up and of rise while
    // down.
    int progress() const { return up() ? value_ - rise_ + 1 : value_; }
    int goal() const { return up() ? fall_ : rise_; }
    int value() const { return value_; }  // check_health of the statistics
    // "3/3 UP", "1/2 DOWN": of the log line; a server of weight 0 is "DRAIN" instead of "UP".
    std::string text(bool weightless) const;

    // Time until the next check: inter while fully up, fastinter on the way, downinter while fully down.
    common::Duration interval(const CheckSettings& settings) const;

 private:
    int rise_;
    int fall_;
    int value_;
};

}  // namespace proxyd::upstream
