#include "proxyd/state/counters.h"

#include <catch2/catch.hpp>

#include <thread>
#include <vector>

using namespace std::chrono_literals;
using proxyd::state::Gauge;
using proxyd::state::Rate;
using proxyd::state::ShardedCounters;

namespace {

common::TimePoint at(std::chrono::milliseconds since_start) {
    return common::TimePoint(1000s + since_start);
}

template <class Job>
void on_threads(int count, Job job) {
    std::vector<std::thread> threads;
    for (int i = 0; i < count; ++i) threads.emplace_back(job, i);
    for (std::thread& thread : threads) thread.join();
}

}  // namespace

TEST_CASE("a rate counts the second that slides by") {
    Rate rate;
    for (int i = 0; i < 100; ++i) rate.tick(at(0ms));
    CHECK(rate.per_second(at(999ms)) == 100);
    CHECK(rate.per_second(at(1000ms)) == 100);  // all of it still lies in the window
    CHECK(rate.per_second(at(1250ms)) == 75);
    CHECK(rate.per_second(at(1999ms)) == 0);
    CHECK(rate.per_second(at(5000ms)) == 0);
    CHECK(rate.max() == 100);

    CHECK(rate.tick(at(1500ms)) == 51);
    CHECK(rate.per_second(at(1500ms)) == 51);
    CHECK(rate.tick(at(9000ms)) == 1);
    CHECK(rate.max() == 100);
    rate.reset_max();
    CHECK(rate.max() == 0);
}

TEST_CASE("a lone event is in sight for the whole next second") {
    Rate rate;
    rate.tick(at(990ms));
    CHECK(rate.per_second(at(1000ms)) == 1);
    CHECK(rate.per_second(at(1999ms)) == 1);
    CHECK(rate.per_second(at(2000ms)) == 0);
}

TEST_CASE("an event of a worker whose clock lags is not lost") {
    Rate rate;
    rate.tick(at(1000ms));
    CHECK(rate.tick(at(999ms)) == 2);
    CHECK(rate.per_second(at(1000ms)) == 2);
}

TEST_CASE("rates survive the wrap of their second and saturate") {
    Rate rate;
    const common::TimePoint last(std::chrono::seconds((1 << 20) - 1));
    rate.tick(last);
    rate.tick(last);
    CHECK(rate.per_second(last + 1s) == 2);
    CHECK(rate.tick(last + 1s) == 3);
}

TEST_CASE("threads that cross a second together lose no event") {
    Rate rate;
    constexpr int kThreads = 4;
    constexpr int kEvents = 50'000;
    on_threads(kThreads, [&rate](int) {
        for (int i = 0; i < kEvents; ++i) rate.tick(at(i < kEvents / 2 ? 999ms : 1000ms));
    });
    // Half of all lie in each second, and at the boundary both are wholly in the window.
    CHECK(rate.per_second(at(1000ms)) == kThreads * kEvents);
}

TEST_CASE("a gauge is exact for any number of threads") {
    Gauge gauge;
    constexpr int kThreads = 4;
    on_threads(kThreads, [&gauge](int) {
        for (int i = 0; i < 20'000; ++i) {
            gauge.enter();
            gauge.leave();
        }
        gauge.enter();
    });
    CHECK(gauge.now() == kThreads);
    CHECK(gauge.max() >= kThreads);
    CHECK(gauge.max() <= 2 * kThreads);
    gauge.leave();
    gauge.reset_max();
    CHECK(gauge.max() == kThreads - 1);
}

TEST_CASE("each worker counts in its own shard and readers see the sum") {
    constexpr int kThreads = 4;
    ShardedCounters counters(kThreads);
    on_threads(kThreads, [&counters](int worker) {
        for (int i = 0; i < 10'000; ++i) counters.shard(worker).requests.add();
        counters.shard(worker).bytes_in.add(7);
    });
    CHECK(counters.sum([](const auto& c) -> const auto& { return c.requests; }) == kThreads * 10'000U);
    CHECK(counters.sum([](const auto& c) -> const auto& { return c.bytes_in; }) == kThreads * 7U);
}
