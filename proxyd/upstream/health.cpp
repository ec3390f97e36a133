#include "proxyd/upstream/health.h"

namespace proxyd::upstream {

Health::Health(int rise, int fall, InitState at_first) : rise_(rise), fall_(fall), value_(rise) {
    switch (at_first) {
        case InitState::up:
            break;
        case InitState::fully_up:
            value_ = rise + fall - 1;
            break;
        case InitState::down:
            value_ = rise - 1;
            break;
        case InitState::fully_down:
            value_ = 0;
            break;
    }
}

Health::Outcome Health::passed() {
    const int top = rise_ + fall_ - 1;
    if (value_ == top) return {};
    const bool was_up = up();
    ++value_;
    if (up()) value_ = top;
    return {!was_up && up() ? Change::went_up : Change::none, true};
}

Health::Outcome Health::failed() {
    if (value_ == 0) return {};
    const bool was_up = up();
    --value_;
    if (!up()) value_ = 0;
    return {was_up && !up() ? Change::went_down : Change::none, true};
}

std::string Health::text(bool weightless) const {
    const char* state = !up() ? "DOWN" : weightless ? "DRAIN" : "UP";
    return std::to_string(progress()) + "/" + std::to_string(goal()) + " " + state;
}

common::Duration Health::interval(const CheckSettings& settings) const {
    const auto or_inter = [&settings](common::Duration chosen) {
        return chosen > common::Duration::zero() ? chosen : settings.inter;
    };
    if (value_ == 0) return or_inter(settings.downinter);
    return steady() ? settings.inter : or_inter(settings.fastinter);
}

}  // namespace proxyd::upstream
