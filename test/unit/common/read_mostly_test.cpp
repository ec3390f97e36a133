#include "common/read_mostly.h"

#include <catch2/catch.hpp>

#include <string>
#include <thread>
#include <vector>

using common::ReadMostly;

// Two halves of a value that only differ while a writer is at work: a reader must never see that.
TEST_CASE("readers never see a writer's half-done work") {
    std::string left = "0", right = "0";
    std::atomic<bool> stop{false};
    std::atomic<std::uint64_t> reads{0}, torn{0};
    std::vector<std::thread> readers;
    for (int i = 0; i < 3; ++i)
        readers.emplace_back([&] {
            while (!stop.load()) {
                const ReadMostly::Reading reading;
                const ReadMostly::Reading nested;
                if (left != right) ++torn;
                ++reads;
            }
        });
    const auto change = [&](int i) {
        const ReadMostly::Writing alone;
        left = std::string(40, static_cast<char>('a' + i % 26));
        right = std::string(40, static_cast<char>('a' + i % 26));
    };
    int i = 0;
    while (i < 2000 || reads.load() < 1000) change(i++);
    stop = true;
    for (auto& reader : readers) reader.join();
    CHECK(torn.load() == 0);
    change(1);  // the readers' threads are gone
    const ReadMostly::Reading reading;
    CHECK(left == right);
}
