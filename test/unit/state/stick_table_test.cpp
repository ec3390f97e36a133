#include "proxyd/state/stick_table.h"

#include <catch2/catch.hpp>

#include <thread>

using namespace proxyd::state;

namespace {

StickTableSettings settings(std::size_t size, std::int64_t expire_ms) {
    StickTableSettings out;
    out.key = StickKey::text;
    out.size = size;
    out.expire_ms = expire_ms;
    out.stored = {{StickData::gpc0, 0, 1}, {StickData::conn_rate, 10'000, 1}, {StickData::gpc, 0, 3}};
    return out;
}

bool has(StickTable& table, std::string_view key) {
    return table.with(key, false, false, [](StickTable::Entry&) {});
}
bool put(StickTable& table, std::string_view key) {
    return table.with(key, true, true, [](StickTable::Entry&) {});
}

}  // namespace

TEST_CASE("a rate slides over its period") {
    StickRate rate;
    rate.add(10, 1000, 10'000);
    CHECK(rate.read(1000, 10'000) == 10);
    CHECK(rate.read(9999, 10'000) == 10);
    CHECK(rate.read(10'999, 10'000) == 9);
    StickRate later;
    later.add(10, 100'000, 10'000);
    later.add(4, 111'000, 10'000);
    CHECK(later.read(111'000, 10'000) == 4 + 9);  // nine tenths of the last period count
    CHECK(later.read(115'000, 10'000) == 4 + 5);
    CHECK(later.read(121'000, 10'000) == 3);
    CHECK(later.read(131'000, 10'000) == 0);
    CHECK(later.read(131'000, 0) == 0);
}

TEST_CASE("data has places; arrays stand in for the single counters of their name") {
    const StickTable table(settings(10, 0));
    CHECK(table.place(StickData::gpc0) == 0U);
    CHECK(table.place(StickData::conn_rate) == 1U);
    CHECK(table.place(StickData::gpc, 2) == 4U);
    CHECK_FALSE(table.place(StickData::gpc, 3));
    CHECK(table.place(StickData::gpc1) == 3U);  // gpc(3)'s second
    CHECK_FALSE(table.place(StickData::http_req_cnt));
    CHECK(table.period_ms(StickData::conn_rate) == 10'000);
    CHECK(table.period_ms(StickData::gpc0) == 0);
}

TEST_CASE("entries come with a touch and go when they expire") {
    StickTable table(settings(100, 30));
    CHECK_FALSE(has(table, "a"));
    CHECK(put(table, "a"));
    CHECK(has(table, "a"));
    CHECK(table.used() == 1);
    StickTable::Entry* held = table.hold("b");
    REQUIRE(held != nullptr);
    CHECK_FALSE(table.remove("b"));
    std::this_thread::sleep_for(std::chrono::milliseconds(60));
    CHECK_FALSE(has(table, "a"));
    CHECK(has(table, "b"));  // it is tracked
    table.release(*held);
    CHECK(has(table, "b"));  // its time begins now
    CHECK(table.remove("b"));
    CHECK_FALSE(has(table, "b"));
    CHECK(table.used() == 0);
}

TEST_CASE("a full table drops what was touched longest ago, or refuses") {
    StickTable table(settings(64, 0));
    for (int i = 0; i < 1000; ++i) put(table, "k" + std::to_string(i));
    CHECK(table.used() == 64);
    StickTableSettings strict = settings(4, 0);
    strict.nopurge = true;
    StickTable full(strict);
    int made = 0;
    for (int i = 0; i < 100; ++i) made += put(full, "k" + std::to_string(i)) ? 1 : 0;
    CHECK(made == 4);
    CHECK(full.used() == 4);
    full.remove_if([](const StickTable::Entry&) { return true; });
    CHECK(full.used() == 0);
}

TEST_CASE("workers count together and lose nothing") {
    StickTable table(settings(100, 0));
    std::vector<std::thread> workers;
    for (int w = 0; w < 4; ++w)
        workers.emplace_back([&] {
            for (int i = 0; i < 2000; ++i) {
                StickTable::Entry* entry = table.hold("k" + std::to_string(i % 10));
                table.with(*entry, [&](StickTable::Entry& held) { ++held.cells[0].count; });
                table.release(*entry);
            }
        });
    for (auto& worker : workers) worker.join();
    std::uint64_t sum = 0;
    unsigned users = 0;
    table.for_each([&](const StickTable::Entry& entry) {
        sum += entry.cells[0].count;
        users += entry.users;
    });
    CHECK(sum == 8000);
    CHECK(users == 0);
}
