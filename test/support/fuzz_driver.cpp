// Runs a libFuzzer target without libFuzzer: seeds, then seeds cut, joined and bitten at random. Part of
// every test run, under the sanitizers too; the coverage-guided search is the preset `fuzz` (clang).
//
//   fuzz_NAME RUNS [SEED_FILE_OR_FOLDER...]
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

std::vector<std::string> read_seeds(int count, char** paths) {
    std::vector<std::string> seeds{""};
    const auto take = [&](const std::filesystem::path& file) {
        std::ifstream in(file, std::ios::binary);
        seeds.emplace_back(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
    };
    for (int i = 0; i < count; ++i) {
        if (!std::filesystem::is_directory(paths[i])) {
            take(paths[i]);
            continue;
        }
        for (const auto& entry : std::filesystem::recursive_directory_iterator(paths[i]))
            if (entry.is_regular_file()) take(entry.path());
    }
    return seeds;
}

std::string mutate(std::string text, const std::vector<std::string>& seeds, std::mt19937& random) {
    const auto below = [&](std::size_t n) { return n == 0 ? 0 : random() % n; };
    for (std::size_t i = 0, count = 1 + below(6); i < count; ++i) {
        const std::size_t at = below(text.size() + 1);
        switch (below(6)) {
            case 0:
                text.insert(at, 1, static_cast<char>(random()));
                break;
            case 1:
                if (at < text.size()) text[at] = static_cast<char>(random());
                break;
            case 2:
                text.erase(at, below(16));
                break;
            case 3:
                text.resize(at);
                break;
            case 4: {
                const std::string& other = seeds[below(seeds.size())];
                const std::size_t from = below(other.size());
                text.insert(at, other.substr(from, below(64)));
                break;
            }
            default:
                text.insert(at, text.substr(at, below(32)));
                break;
        }
    }
    return text;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 2) {
        std::fprintf(stderr, "usage: %s RUNS [SEEDS...]\n", argv[0]);
        return 2;
    }
    const long runs = std::strtol(argv[1], nullptr, 10);
    const std::vector<std::string> seeds = read_seeds(argc - 2, argv + 2);
    std::mt19937 random(20261122);  // the same every time: a failure can be run again
    const auto run = [](const std::string& text) {
        LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(text.data()), text.size());
    };
    for (const std::string& seed : seeds) run(seed);
    for (long i = 0; i < runs; ++i) run(mutate(seeds[random() % seeds.size()], seeds, random));
    std::printf("%ld inputs from %zu seeds\n", runs, seeds.size());
}
