#include "vrrpd/fsm/tracking.h"

#include <catch2/catch.hpp>

#include "vrrpd/fsm/machine.h"

using namespace vrrpd::fsm;
using namespace std::chrono_literals;

namespace {

// 'g' and 'b' are results; the answer has one letter of health per result.
std::string healths(RiseFall rule, std::string_view results, std::string_view suspended = "") {
    Counter counter;
    std::string out;
    for (std::size_t i = 0; i < results.size(); ++i) {
        counter = advance(counter, rule, results[i] == 'g', i < suspended.size() && suspended[i] == 's');
        out += counter.health == Health::good ? 'g' : counter.health == Health::bad ? 'b' : '?';
    }
    return out;
}

const TrackRule kScript{TrackKind::script, "chk_haproxy", 2, false};

Tracking one(TrackRule rule, Health health, std::int64_t value = 0) {
    const TrackResult result{health, value, health == Health::bad ? "exited with status 1" : ""};
    return evaluate(std::span(&rule, 1), std::span(&result, 1));
}

}  // namespace

TEST_CASE("rise and fall") {
    CHECK(healths({1, 1}, "gbgb") == "gbgb");
    CHECK(healths({3, 2}, "g") == "g");
    CHECK(healths({3, 2}, "b") == "b");
    CHECK(healths({3, 2}, "bggg") == "bbbg");
    CHECK(healths({3, 2}, "bggbggg") == "bbbbbbg");
    CHECK(healths({3, 2}, "gbgbb") == "ggggb");
    CHECK(healths({1, 3}, "gbbb") == "gggb");
    CHECK(healths({2, 1}, "gbgg") == "gbbg");
}

TEST_CASE("bad results do not count while the proxy reloads") {
    CHECK(healths({1, 1}, "gbbb", " ss") == "gggb");
    CHECK(healths({1, 1}, "bg", "ss") == "?g");
}

TEST_CASE("weights") {
    CHECK(one(kScript, Health::good).delta == 2);
    CHECK(one(kScript, Health::good).healthy);
    CHECK(one(kScript, Health::bad).delta == 0);
    CHECK_FALSE(one(kScript, Health::bad).healthy);
    CHECK(one(kScript, Health::bad).reason == "script chk_haproxy failed (exited with status 1)");
    CHECK(one(kScript, Health::unknown).delta == 0);
    CHECK_FALSE(one(kScript, Health::unknown).settled);
    CHECK_FALSE(one(kScript, Health::unknown).pending);

    CHECK(one({TrackKind::script, "c", -20, false}, Health::good).delta == 0);
    CHECK(one({TrackKind::script, "c", -20, false}, Health::bad).delta == -20);
    CHECK(one({TrackKind::script, "c", 5, true}, Health::good).delta == -5);
    CHECK(one({TrackKind::script, "c", 5, true}, Health::bad).delta == 0);
    CHECK(one({TrackKind::script, "c", -5, true}, Health::bad).delta == 5);
}

TEST_CASE("weight 0 is a fault") {
    const TrackRule rule{TrackKind::proxy, "proxy", 0, false};
    CHECK(one(rule, Health::unknown).pending);
    CHECK_FALSE(one(rule, Health::good).fault);
    CHECK(one(rule, Health::bad).fault);
    CHECK(one(rule, Health::bad).reason == "proxy link lost (exited with status 1)");
    const TrackRule reversed{TrackKind::interface, "eth1", 0, true};
    CHECK(one(reversed, Health::good).fault);
    CHECK_FALSE(one(reversed, Health::bad).fault);
}

TEST_CASE("files multiply their number") {
    const TrackRule rule{TrackKind::file, "f", 1, false};
    CHECK(one(rule, Health::good, 10).delta == 10);
    CHECK(one(rule, Health::good, -10).delta == -10);
    CHECK(one(rule, Health::good, 300).delta == 253);
    CHECK(one(rule, Health::good, -254).fault);
    CHECK(one({TrackKind::file, "f", 0, false}, Health::good, 1).fault);
    CHECK_FALSE(one({TrackKind::file, "f", 0, false}, Health::good, 0).fault);
}

TEST_CASE("the reason is that of the fault, else of the first failure") {
    const std::vector<TrackRule> rules{kScript, {TrackKind::interface, "eth1", 0, false}};
    const std::vector<TrackResult> results{{Health::bad, 0, "timed out"}, {Health::bad, 0, ""}};
    const Tracking both = evaluate(rules, results);
    CHECK(both.fault);
    CHECK(both.reason == "interface eth1 is down");
}

TEST_CASE("effective priority stays within 1 and 254, an owner's never moves") {
    CHECK(effective_priority(101, 2) == 103);
    CHECK(effective_priority(10, -20) == 1);
    CHECK(effective_priority(250, 20) == 254);
    CHECK(effective_priority(255, -20) == 255);
}

TEST_CASE("skew and master down, as keepalived computes them") {
    Params params;
    CHECK(skew(params, 100, 1s) == 609375us);
    CHECK(master_down(params, 100, 1s) == 3609375us);
    params.version = 3;
    CHECK(skew(params, 100, 100ms) == 60937us);
    CHECK(master_down(params, 100, 10ms) == 36093us);
    CHECK(skew(params, 254, 10ms) == 78us);
    params.priority = 255;
    CHECK(skew(params, 255, 1s) == 3906us);
}

TEST_CASE("a rate limit lets a burst through, then one per interval, and counts the rest") {
    RateLimit limit;
    TimePoint now{100s};
    int allowed = 0;
    for (int i = 0; i < 10; ++i) allowed += limit.allow(now, 1s, 3);
    CHECK(allowed == 3);
    CHECK(limit.take_refused() == 7);
    CHECK(limit.take_refused() == 0);
    CHECK_FALSE(limit.allow(now + 999ms, 1s, 3));
    CHECK(limit.allow(now + 1s, 1s, 3));
    CHECK_FALSE(limit.allow(now + 1s, 1s, 3));
    CHECK(limit.allow(now + 60s, 1s, 3));
}
