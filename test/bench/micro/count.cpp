// Runs one step a number of times inside a function of its own, where callgrind counts instructions:
//
//   valgrind --tool=callgrind --toggle-collect=bench_measured ./step_count NAME SIZE TIMES
//
// Without arguments it lists the steps and their sizes.
#include <charconv>
#include <cstdio>
#include <string_view>

#include "step.h"

extern "C" __attribute__((noinline)) void bench_measured(const bench::Work& work, int times) {
    for (int i = 0; i < times; ++i) work();
}

namespace {

int number(std::string_view text) {
    int value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
}

void list() {
    for (const bench::Step& step : bench::steps()) {
        std::printf("%.*s", static_cast<int>(step.name.size()), step.name.data());
        for (const int size : step.sizes) std::printf(" %d", size);
        std::printf("\n");
    }
}

}  // namespace

int main(int argc, char** argv) {
    if (argc == 1) {
        list();
        return 0;
    }
    for (const bench::Step& step : bench::steps()) {
        if (argc != 4 || step.name != argv[1]) continue;
        const bench::Work work = step.make(number(argv[2]));
        for (int i = 0; i < 50; ++i) work();  // caches and scratch space have their sizes
        bench_measured(work, number(argv[3]));
        return 0;
    }
    std::fprintf(stderr, "usage: step_count NAME SIZE TIMES; without arguments: the names\n");
    return 2;
}
