// Times every step with Google Benchmark: `scripts/bench --micro [FILTER]`.
#include <benchmark/benchmark.h>

#include <string>

#include "step.h"

int main(int argc, char** argv) {
    for (const bench::Step& step : bench::steps()) {
        auto* row =
            benchmark::RegisterBenchmark(std::string(step.name).c_str(), [&step](benchmark::State& state) {
                const bench::Work work = step.make(static_cast<int>(state.range(0)));
                for (auto _ : state) work();
            });
        row->ArgName(std::string(step.size_of));
        for (const int size : step.sizes) row->Arg(size);
    }
    benchmark::Initialize(&argc, argv);
    if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
    benchmark::RunSpecifiedBenchmarks();
}
