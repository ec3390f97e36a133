#include "vrrpd/fsm/tracking.h"

#include <algorithm>
#include <cstdlib>

namespace vrrpd::fsm {
namespace {

// A file whose number times weight reaches this is a fault (keepalived).
constexpr std::int64_t kFileFault = -254;
constexpr std::int64_t kFileMost = 253;

std::string describe(const TrackRule& rule, const TrackResult& result) {
    static constexpr const char* kKinds[] = {"script ", "interface ", "",
                                             "file ",   "process ",   "track_group "};
    std::string text = kKinds[static_cast<std::size_t>(rule.kind)];
    switch (rule.kind) {
        case TrackKind::script:
            text += rule.name + " failed";
            break;
        case TrackKind::interface:
            text += rule.name + " is down";
            break;
        case TrackKind::proxy:
            text += "proxy link lost";
            break;
        case TrackKind::file:
            text += rule.name + " says " + std::to_string(result.value);
            break;
        case TrackKind::process:
            text += rule.name + " is not running as it should";
            break;
        case TrackKind::statics:
            text += rule.name + " is not complete";
            break;
    }
    if (rule.reverse && rule.weight == 0) text += " (reversed)";
    if (!result.detail.empty()) text += " (" + result.detail + ")";
    return text;
}

}  // namespace

Contribution contribution(const TrackRule& rule, const TrackResult& result) {
    const int sign = rule.reverse ? -1 : 1;
    if (rule.kind == TrackKind::file) {
        if (rule.weight == 0) {
            const bool fault = (result.value != 0) != rule.reverse;
            return {0, fault, fault};
        }
        const std::int64_t value = std::clamp<std::int64_t>(result.value, -254, 254) * rule.weight * sign;
        // Beyond the bounds it is a fault or all there is: the sum need not hold more.
        return {static_cast<int>(std::clamp(value, kFileFault, kFileMost)), value <= kFileFault, value < 0};
    }
    const bool good = result.health == Health::good;
    if (rule.weight == 0) {
        const bool fault = good == rule.reverse;
        return {0, fault, fault};
    }
    // Positive weights count while good, negative ones while bad.
    const bool counts = rule.weight > 0 ? good : !good;
    return {counts ? rule.weight * sign : 0, false, good == rule.reverse};
}

Counter advance(Counter counter, RiseFall rule, bool good, bool suspended) {
    if (!good && suspended) return counter;
    const int top = rule.rise + rule.fall - 1;
    if (counter.health == Health::unknown) return {good ? Health::good : Health::bad, good ? top : 0};
    if (good) {
        counter.value = counter.value < rule.rise - 1 ? counter.value + 1 : top;
    } else {
        counter.value = counter.value > rule.rise ? counter.value - 1 : 0;
    }
    counter.health = counter.value >= rule.rise ? Health::good : Health::bad;
    return counter;
}

Tracking evaluate(std::span<const TrackRule> rules, std::span<const TrackResult> results) {
    Tracking out;
    std::int64_t delta = 0;
    for (std::size_t i = 0; i < rules.size() && i < results.size(); ++i) {
        if (results[i].health == Health::unknown) {
            out.settled = false;
            if (rules[i].weight == 0) out.pending = true;
            continue;
        }
        const Contribution one = contribution(rules[i], results[i]);
        delta += one.delta;
        if (one.bad) {
            // What makes the fault is the reason, even when a mere weight failed before it.
            if (out.healthy || (one.fault && !out.fault)) out.reason = describe(rules[i], results[i]);
            out.healthy = false;
        }
        out.fault = out.fault || one.fault;
    }
    out.delta = static_cast<int>(std::clamp<std::int64_t>(delta, -1'000'000, 1'000'000));
    return out;
}

std::uint8_t effective_priority(std::uint8_t base, int delta) {
    if (base == 255) return base;
    return static_cast<std::uint8_t>(std::clamp(base + delta, 1, 254));
}

}  // namespace vrrpd::fsm
