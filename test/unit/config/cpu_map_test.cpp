#include "proxyd/config/cpu_map.h"

#include <catch2/catch.hpp>

#include "common/text.h"

namespace {

using namespace proxyd::config;

std::vector<std::string> words_of(std::string_view line) {
    std::vector<std::string> words;
    for (const std::string_view word : common::split(line, ' ')) words.emplace_back(word);
    return words;
}

// The processors of threads 1 to 4: "0,1 2 - 3".
std::string placed(const std::vector<std::string_view>& lines, bool processes = false) {
    std::vector<CpuMap> maps;
    for (const std::string_view line : lines) {
        const auto map = parse_cpu_map(words_of(line));
        if (!map) return map.error().text;
        maps.push_back(*map);
    }
    std::string out;
    for (int thread = 1; thread <= 4; ++thread) {
        const CpuSet cpus = cpus_of_thread(maps, thread, processes);
        std::string text;
        for (std::size_t cpu = 0; cpu < cpus.size(); ++cpu)
            if (cpus.test(cpu)) text += (text.empty() ? "" : ",") + std::to_string(cpu);
        out += (thread > 1 ? " " : "") + (text.empty() ? "-" : text);
    }
    return out;
}

}  // namespace

// The examples of the manual, and what files with nbproc mean.
TEST_CASE("processors of threads") {
    CHECK(placed({"1/all 0-3"}) == "0,1,2,3 0,1,2,3 0,1,2,3 0,1,2,3");
    CHECK(placed({"1 0 5"}) == "0,5 0,5 0,5 0,5");
    CHECK(placed({"auto:1/1-4 0-3"}) == "0 1 2 3");
    CHECK(placed({"auto:1/1-4 0-1 2-3"}) == "0 1 2 3");
    CHECK(placed({"auto:1/1-4 3 2 1 0"}) == "0 1 2 3");
    CHECK(placed({"auto:1/all 0-63"}) == "0 1 2 3");
    CHECK(placed({"auto:1/even 0-31", "auto:1/odd 32-63"}) == "32 0 33 1");
    CHECK(placed({"1/1- 7", "1/3 8,9"}) == "7 7 8,9 7");
    CHECK(placed({"2/all 0"}) == "- - - -");
    CHECK(placed({"1 0", "2 1"}, true) == "0 1 - -");
    CHECK(placed({"auto:1-4 0-3"}, true) == "0 1 2 3");
    CHECK(placed({"auto:1/1-4 0"}).contains("as many threads as processors, not 4 and 1"));
    CHECK(placed({"auto:1/1 0-3"}).contains("not 1 and 4"));
    CHECK(placed({"auto:1-2/1-2 0-1"}).contains("one range"));
    CHECK(placed({"1/65 0"}).contains("numbers go from 1 to 64"));
    CHECK(placed({"0/1 0"}).contains("numbers go from 1 to 64"));
    CHECK(placed({"x 0"}).contains("'x' is no set of threads"));
    CHECK(placed({"1/1 a"}).contains("'a' is no set of processors"));
    CHECK(placed({"1/1 0-1024"}).contains("0 to 1023"));
}
