#include "proxyd/net/deadline.h"

#include <catch2/catch.hpp>

#include <memory>
#include <random>
#include <vector>

using namespace std::chrono_literals;
using common::TimePoint;
using proxyd::net::Deadline;
using proxyd::net::DeadlineWheel;

namespace {

struct Owner {
    explicit Owner(DeadlineWheel& wheel)
        : deadline(wheel, [](void* self) { ++static_cast<Owner*>(self)->fired; }, this) {}
    int fired = 0;
    Deadline deadline;
};

const TimePoint kStart{1'000'000s};

}  // namespace

TEST_CASE("a deadline fires once, never early, at most a tick late") {
    for (const auto distance :
         {1ms, 63ms, 64ms, 65ms, 4095ms, 4096ms, 5000ms, 262'144ms, 3'600'000ms, 86'400'000ms}) {
        DeadlineWheel wheel(kStart);
        Owner owner(wheel);
        owner.deadline.set(kStart + distance);
        int looks = 0;
        while (owner.fired == 0) {
            const TimePoint next = wheel.next();
            REQUIRE(next != common::kNever);
            REQUIRE(next <= kStart + distance);
            wheel.advance(next);
            if (next < kStart + distance) REQUIRE(owner.fired == 0);
            REQUIRE(++looks < 20);  // coarse slots first, not every tick
        }
        wheel.advance(kStart + distance + 1h);
        CHECK(owner.fired == 1);
        CHECK(wheel.next() == common::kNever);
    }
}

TEST_CASE("moving a deadline") {
    DeadlineWheel wheel(kStart);
    Owner owner(wheel);
    SECTION("later") {
        owner.deadline.set(kStart + 10ms);
        owner.deadline.set(kStart + 50ms);
        wheel.advance(kStart + 49ms);
        CHECK(owner.fired == 0);
        wheel.advance(kStart + 50ms);
        CHECK(owner.fired == 1);
    }
    SECTION("earlier") {
        owner.deadline.set(kStart + 5000ms);
        owner.deadline.set(kStart + 5ms);
        wheel.advance(kStart + 5ms);
        CHECK(owner.fired == 1);
    }
    SECTION("cleared") {
        owner.deadline.set(kStart + 5ms);
        owner.deadline.clear();
        wheel.advance(kStart + 1h);
        CHECK(owner.fired == 0);
    }
    SECTION("in the past: at the next advance") {
        wheel.advance(kStart + 100ms);
        owner.deadline.set(kStart);
        CHECK(owner.fired == 0);
        wheel.advance(kStart + 101ms);
        CHECK(owner.fired == 1);
    }
}

TEST_CASE("the wheel tells when it has something to look at") {
    DeadlineWheel wheel(kStart);
    CHECK(wheel.next() == common::kNever);
    Owner first(wheel), second(wheel);
    first.deadline.set(kStart + 50ms);
    CHECK(wheel.next() == kStart + 50ms);
    second.deadline.set(kStart + 60ms);
    CHECK(wheel.next() == kStart + 50ms);
    second.deadline.set(kStart + 3ms);
    CHECK(wheel.next() == kStart + 3ms);
}

TEST_CASE("an owner that destroys another one while it fires") {
    struct Pair {
        explicit Pair(DeadlineWheel& wheel)
            : a(std::make_unique<Deadline>(
                  wheel, [](void* self) { static_cast<Pair*>(self)->kill(); }, this)),
              b(std::make_unique<Deadline>(
                  wheel, [](void* self) { static_cast<Pair*>(self)->kill(); }, this)) {}
        void kill() {
            ++fired;
            a.reset();
            b.reset();
        }
        int fired = 0;
        std::unique_ptr<Deadline> a, b;
    };
    DeadlineWheel wheel(kStart);
    Pair pair(wheel);
    pair.a->set(kStart + 7ms);
    pair.b->set(kStart + 7ms);
    wheel.advance(kStart + 7ms);
    CHECK(pair.fired == 1);
}

TEST_CASE("a wheel of many deadlines agrees with a plain list") {
    std::mt19937 random(7);
    DeadlineWheel wheel(kStart);
    std::vector<std::unique_ptr<Owner>> owners;
    std::vector<TimePoint> expected;
    for (int i = 0; i < 300; ++i) {
        owners.push_back(std::make_unique<Owner>(wheel));
        expected.push_back(kStart + std::chrono::milliseconds(1 + random() % 400'000));
        owners.back()->deadline.set(expected.back());
    }
    TimePoint now = kStart;
    for (int step = 0; step < 4000; ++step) {
        now += std::chrono::milliseconds(random() % 200);
        wheel.advance(now);
        const std::size_t moved = random() % owners.size();
        for (std::size_t i = 0; i < owners.size(); ++i) {
            REQUIRE(owners[i]->fired == (expected[i] <= now ? 1 : 0));
        }
        owners[moved]->fired = 0;
        expected[moved] = now + std::chrono::milliseconds(1 + random() % 20'000);
        owners[moved]->deadline.set(expected[moved]);
    }
}
