// Pure: from the results of what an instance tracks to its priority and to whether it is at fault.
// Follows keepalived.conf(5), vrrp_script and the track_* blocks.
#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace vrrpd::fsm {

enum class Health : unsigned char { unknown, good, bad };

// A check counts as good after `rise` good results, as bad after `fall` bad ones; the very first result
// counts alone, whatever rise and fall say (measured in keepalived).
struct Counter {
    Health health = Health::unknown;
    int value = 0;  // 0 .. rise+fall-1; good from `rise` on
};

struct RiseFall {
    int rise = 1;  // >= 1
    int fall = 1;  // >= 1
};

// One more result. While the proxy reloads (`suspended`) a bad result changes nothing.
Counter advance(Counter counter, RiseFall rule, bool good, bool suspended = false);

enum class TrackKind : unsigned char {
    script,
    interface,
    proxy,
    file,
    process,
    statics
};  // statics: a track_group

struct TrackRule {
    TrackKind kind = TrackKind::script;
    std::string name;      // script, interface, file; "proxy"
    int weight = 0;        // 0: bad is FAULT; > 0: added while good; < 0: added while bad. -254..254
    bool reverse = false;  // sign of the weight inverted; with weight 0 good is FAULT
};

struct TrackResult {
    Health health = Health::unknown;
    std::int64_t value = 0;  // files: the number inside, multiplied by the weight; processes: how many
    std::string detail;      // "exited with status 1", "timed out", "connection closed"
};

// What one result means for the instance.
struct Contribution {
    int delta = 0;       // added to the priority
    bool fault = false;  // keeps the instance in FAULT
    bool bad = false;
};
Contribution contribution(const TrackRule& rule, const TrackResult& result);

// All of it, folded.
struct Tracking {
    int delta = 0;         // sum of weights, added to the base priority
    bool fault = false;    // something with weight 0 is bad
    bool pending = false;  // something with weight 0 has no result yet
    bool settled = true;   // everything has a result
    bool healthy = true;   // nothing is bad: what is served here works
    std::string reason;    // the first that is bad: "script chk_haproxy failed (exited with status 1)"

    bool operator==(const Tracking&) const = default;
};

// results[i] belongs to rules[i].
Tracking evaluate(std::span<const TrackRule> rules, std::span<const TrackResult> results);

// base + delta within 1..254; an owner (255) is never changed.
std::uint8_t effective_priority(std::uint8_t base, int delta);

}  // namespace vrrpd::fsm
