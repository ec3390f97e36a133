#include "common/control/link_watch.h"

#include <catch2/catch.hpp>

using namespace common;
using namespace common::control;
using namespace std::chrono_literals;

namespace {

Health ready() {
    return {ProxyState::ready, 1, 1, 1, {{1, 0}}, {}};
}

Health with_state(ProxyState state) {
    Health health = ready();
    health.state = state;
    return health;
}

// A keeper whose clock the test turns.
struct Keeper {
    LinkWatch watch;
    TimePoint now = TimePoint(1000s);

    void come_up() {
        watch.on_up(now);
        watch.on_health(ready(), now);
        REQUIRE(watch.state() == LinkState::up);
    }
    // Healthy messages every 20 ms for that long.
    LinkState healthy_for(Duration span) {
        for (const TimePoint end = now + span; now < end;) {
            now += 20ms;
            watch.poll(now);
            watch.on_health(ready(), now);
        }
        return watch.state();
    }
};

}  // namespace

TEST_CASE("no proxy at the start is no loss") {
    Keeper k;
    CHECK(k.watch.on_down("refused", k.now).state == LinkState::unknown);
    CHECK(k.watch.next_poll() == kNever);
}

TEST_CASE("a closed socket is a loss at once") {
    Keeper k;
    k.come_up();
    const auto verdict = k.watch.on_down("connection closed", k.now);
    CHECK(verdict.changed);
    CHECK(verdict.state == LinkState::lost);
    CHECK(verdict.reason == "connection closed");
}

TEST_CASE("silence is a loss after its limit, not before") {
    Keeper k;
    k.come_up();
    CHECK(k.watch.next_poll() == k.now + 200ms);
    CHECK(k.watch.poll(k.now + 199ms).state == LinkState::up);
    const auto verdict = k.watch.poll(k.now + 200ms);
    CHECK(verdict.state == LinkState::lost);
    CHECK(verdict.reason == "no health from the proxy for 200 ms");
}

TEST_CASE("a keeper that was late itself waits once more") {
    Keeper k;
    k.come_up();
    SECTION("the proxy spoke meanwhile") {
        CHECK(k.watch.poll(k.now + 2s).state == LinkState::up);
        CHECK(k.watch.on_health(ready(), k.now + 2s).state == LinkState::up);
        CHECK(k.watch.poll(k.now + 2199ms).state == LinkState::up);
    }
    SECTION("the proxy is really silent") {
        CHECK(k.watch.poll(k.now + 2s).state == LinkState::up);
        CHECK(k.watch.next_poll() == k.now + 2200ms);
        CHECK(k.watch.poll(k.now + 2200ms).state == LinkState::lost);
    }
    SECTION("late twice is believed") {
        CHECK(k.watch.poll(k.now + 2s).state == LinkState::up);
        CHECK(k.watch.poll(k.now + 9s).state == LinkState::lost);
    }
}

TEST_CASE("a worker that hangs is a loss") {
    Keeper k;
    k.come_up();
    Health health = ready();
    health.workers = {{1, 999}, {2, 3}};
    CHECK(k.watch.on_health(health, k.now).state == LinkState::up);
    health.workers[1].since_turn_ms = 1000;
    const auto verdict = k.watch.on_health(health, k.now);
    CHECK(verdict.state == LinkState::lost);
    CHECK(verdict.reason == "worker 2 of the proxy hangs");
}

TEST_CASE("a stopping or draining proxy is a loss") {
    Keeper k;
    k.come_up();
    const auto state = GENERATE(ProxyState::stopping, ProxyState::draining);
    CHECK(k.watch.on_health(with_state(state), k.now).state == LinkState::lost);
}

TEST_CASE("a link is back after a second of health, doubling while it flaps") {
    Keeper k;
    k.come_up();
    for (const auto settle : {1s, 2s, 4s, 8s, 16s, 30s, 30s}) {
        CAPTURE(settle.count());
        k.watch.on_down("closed", k.now);
        k.watch.on_up(k.now);
        k.watch.on_health(ready(), k.now);
        CHECK(k.healthy_for(settle - 20ms) == LinkState::settling);
        CHECK(k.healthy_for(40ms) == LinkState::up);
    }
    SECTION("calm makes it forget") {
        k.healthy_for(61s);
        k.watch.on_down("closed", k.now);
        k.watch.on_up(k.now);
        k.watch.on_health(ready(), k.now);
        CHECK(k.healthy_for(1100ms) == LinkState::up);
    }
}

TEST_CASE("a break while settling starts it again") {
    Keeper k;
    k.come_up();
    k.watch.on_down("closed", k.now);
    k.watch.on_up(k.now);
    k.healthy_for(500ms);
    CHECK(k.watch.state() == LinkState::settling);
    CHECK(k.watch.on_health(with_state(ProxyState::starting), k.now).state == LinkState::lost);
}

TEST_CASE("an announced reload is no loss until its time is over") {
    Keeper k;
    k.come_up();
    CHECK(k.watch.on_reloading({3000}, k.now).state == LinkState::suspended);
    CHECK(k.watch.usable());
    CHECK(k.watch.on_down("closed", k.now + 1s).state == LinkState::suspended);
    SECTION("the new proxy is ready in time") {
        k.watch.on_up(k.now + 2s);
        CHECK(k.watch.on_health(with_state(ProxyState::starting), k.now + 2s).state == LinkState::suspended);
        CHECK(k.watch.on_health(ready(), k.now + 2500ms).state == LinkState::up);
    }
    SECTION("nobody comes") {
        CHECK(k.watch.next_poll() == k.now + 3s);
        CHECK(k.watch.poll(k.now + 3s).state == LinkState::lost);
    }
    SECTION("it comes but is not ready") {
        k.watch.on_up(k.now + 2s);
        CHECK(k.watch.on_health(with_state(ProxyState::starting), k.now + 3s).state == LinkState::lost);
    }
}

TEST_CASE("a reload announced by a lost proxy excuses nothing") {
    Keeper k;
    k.come_up();
    k.watch.on_down("closed", k.now);
    CHECK(k.watch.on_reloading({3000}, k.now).state == LinkState::lost);
}
