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

// The state machine row by row, and the scenario that plays it. Rows about what is no valid advert have none:
// such a packet is no event (vrrpd_packet/advert_test.cpp; e2e/test_hostile_adverts.py from end to end).
struct Row {
    const char* state;
    const char* event;
    const char* scenario;
};
constexpr Row kRows[] = {
    {"INIT", "start without a fault", "start"},
    {"INIT", "start of an owner with state MASTER", "owner"},
    {"INIT", "weight-0 check without a result", "start_pending"},
    {"INIT", "its first result is bad", "start_pending_bad"},
    {"INIT", "interface down, no source address", "start_fault"},
    {"INIT", "vrrp_startup_delay", "start_delay"},
    {"INIT", "restart within three intervals, addresses present", "resume"},
    {"BACKUP", "timer", "start"},
    {"BACKUP", "timer, late", "late_backup"},
    {"BACKUP", "priority 0", "priority_zero"},
    {"BACKUP", "priority 0 of a stranger", "backup_stranger"},
    {"BACKUP", "higher priority", "backup"},
    {"BACKUP", "equal priority", "backup_equal"},
    {"BACKUP", "lower priority", "backup_preempts"},
    {"BACKUP", "lower priority, nopreempt", "nopreempt"},
    {"BACKUP", "lower priority, preempt_delay", "preempt_delay"},
    {"BACKUP", "version 3: the interval is adopted", "v3"},
    {"BACKUP", "effective priority changes: the timer moves by the skew", "priority_of_backup"},
    {"MASTER", "tick", "master"},
    {"MASTER", "tick, late", "late_master"},
    {"MASTER", "priority 0", "master"},
    {"MASTER", "lower priority; equal and lower address", "master"},
    {"MASTER", "lower priority, lower_prio_no_advert", "master_lower_no_advert"},
    {"MASTER", "lower priority, another list of addresses", "other_addresses"},
    {"MASTER", "higher priority", "master_loses"},
    {"MASTER", "equal priority and higher address", "master_equal"},
    {"MASTER", "equal priority and our own address", "master"},
    {"MASTER", "effective priority falls below the peer's", "yield_known"},
    {"MASTER", "another owner, higher address", "owner"},
    {"MASTER", "another owner, lower address", "owner_conflict"},
    {"MASTER", "own address deleted", "address_lost"},
    {"any", "interface down, and up", "link"},
    {"any", "interface down in BACKUP", "link_backup"},
    {"any", "interface down, dont_track_primary", "dont_track_primary"},
    {"any", "weight-0 check fails", "weight_zero"},
    {"any", "source address gone", "source_lost"},
    {"FAULT", "adverts are ignored", "fault_ignores"},
    {"FAULT", "last fault cleared, owner", "owner_stays"},
    {"FAULT", "one of two faults cleared", "fault_changes_reason"},
    {"any", "SIGTERM of a master", "stop"},
    {"any", "SIGTERM of a master, nobody takes over", "stop_alone"},
    {"any", "SIGTERM of others", "stop_others"},
    {"any", "SIGTERM with -V", "stop_keep"},
    {"any", "reload: priority", "reload_priority"},
    {"any", "reload: added address", "reload_address"},
    {"any", "reload: instance removed", "stop_removed"},
};

}  // namespace

TEST_CASE("every row of the state machine has its scenario") {
    for (const Row& row : kRows) {
        INFO(row.state << ", " << row.event);
        CHECK(fs::exists(fs::path(FSM_SCENARIOS) / (std::string(row.scenario) + ".txt")));
    }
}

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
