// Every file of scenarios/ is replayed: a command, "----", what must happen, an empty line. After a wanted
// change run with FRONTDOOR_REWRITE_SCENARIOS=1 and review the difference.
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "scenario_runner.h"

namespace {

namespace fs = std::filesystem;

struct Replay {
    std::string text;      // the file with what really happened
    std::string failures;  // "file:line ..." with expected and got
};

Replay replay(const fs::path& path) {
    std::ifstream in(path);
    vrrpd::test::ScenarioRunner runner;
    Replay out;
    int line_number = 0;
    for (std::string line; std::getline(in, line);) {
        ++line_number;
        if (line.empty() || line[0] == '#') {
            out.text += line + "\n";
            continue;
        }
        // Commands that share one block of effects stand above each other.
        std::vector<std::string> commands{line};
        const int first = line_number;
        while (std::getline(in, line) && line != "----" && !line.empty()) {
            commands.push_back(line);
            ++line_number;
        }
        ++line_number;
        std::string expected, got;
        if (line == "----") {
            while (std::getline(in, line) && !line.empty()) {
                expected += line + "\n";
                ++line_number;
            }
            ++line_number;
        }
        std::string state;
        for (const std::string& command : commands) {
            std::string effects = runner.run(command);
            const auto state_at = effects.rfind("= ");
            state = effects.substr(state_at);
            got += effects.substr(0, state_at);
            out.text += command + "\n";
        }
        got += state;
        out.text += "----\n" + got + "\n";
        if (got != expected) {
            out.failures += path.filename().string() + ":" + std::to_string(first) + ": " + commands.front() +
                            "\n--- expected\n" + expected + "--- got\n" + got;
        }
    }
    return out;
}

}  // namespace

TEST_CASE("scenarios") {
    const bool rewrite = std::getenv("FRONTDOOR_REWRITE_SCENARIOS") != nullptr;
    int files = 0;
    for (const auto& entry : fs::directory_iterator(FSM_SCENARIOS)) {
        if (entry.path().extension() != ".txt") continue;
        ++files;
        const Replay done = replay(entry.path());
        if (rewrite) {
            std::ofstream(entry.path()) << done.text;
        } else if (!done.failures.empty()) {
            FAIL_CHECK(done.failures);
        }
    }
    CHECK(files >= 10);
}
