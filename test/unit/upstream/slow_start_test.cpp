// Slow start, first states, and what programs of external checks are told: all pure.
#include <catch2/catch.hpp>

#include "proxyd/upstream/health.h"
#include "proxyd/upstream/program_check.h"
#include "proxyd/upstream/slow_start.h"

using namespace proxyd;
using namespace proxyd::upstream;

TEST_CASE("a slow start in sixteenths of the weight") {
    ServerSettings settings;
    settings.slowstart = std::chrono::seconds(8);
    state::ServerState server("s", 1, 1);
    server.weight = 10;
    CHECK(weight_points(settings, server, 5'000) == 160);  // it has never been down
    server.warming_since_ms = 100'000;
    // Points and percent as HAProxy 2.6 has them after so many seconds.
    const std::tuple<std::int64_t, int, int> kSteps[] = {{0, 10, 6}, {1, 30, 18}, {4, 90, 56}, {7, 150, 93}};
    for (const auto& [seconds, points, percent] : kSteps) {
        CHECK(weight_points(settings, server, 100'000 + seconds * 1000) == points);
        CHECK(throttle_percent(settings, server, 100'000 + seconds * 1000) == percent);
    }
    CHECK(weight_points(settings, server, 108'000) == 160);
    CHECK(throttle_percent(settings, server, 108'000) == 0);
    CHECK(warm_limit(100, settings, server, 100'000) == 1);
    CHECK(warm_limit(100, settings, server, 104'000) == 50);
    CHECK(warm_limit(100, settings, server, 109'000) == 100);
    CHECK(warm_limit(0, settings, server, 104'000) == 0);
}

TEST_CASE("states before the first check") {
    const std::pair<InitState, std::string> kStates[] = {{InitState::up, "1/3 UP"},
                                                         {InitState::fully_up, "3/3 UP"},
                                                         {InitState::down, "1/2 DOWN"},
                                                         {InitState::fully_down, "0/2 DOWN"}};
    for (const auto& [state, text] : kStates) CHECK(Health(2, 3, state).text(false) == text);
    Health health(2, 3, InitState::fully_up);
    health.weaken(1);
    CHECK(health.failed().change == Health::Change::none);
    CHECK(health.failed().change == Health::Change::went_down);
    Health doomed(2, 3, InitState::fully_up);
    doomed.weaken(0);
    CHECK(doomed.failed().change == Health::Change::went_down);
}

TEST_CASE("what a program is told") {
    BackendSettings backend;
    backend.name = "b";
    backend.check_program = "/bin/check";
    ServerSettings settings;
    settings.check.inter = std::chrono::seconds(3);
    const state::ServerState server("s", 7, 1);
    auto job = program_job(backend, settings, server, *common::Endpoint::from_ip("::1", 80));
    CHECK(job.argv == std::vector<std::string>{"/bin/check", "NOT_USED", "NOT_USED", "::1", "80"});
    CHECK(job.timeout == std::chrono::seconds(3));
    backend.timeout_check = std::chrono::seconds(1);
    backend.proxy_address = "127.0.0.1";
    backend.proxy_port = "8080";
    job = program_job(backend, settings, server, *common::Endpoint::from_ip("192.0.2.1", 81));
    CHECK(job.argv == std::vector<std::string>{"/bin/check", "127.0.0.1", "8080", "192.0.2.1", "81"});
    CHECK(job.timeout == std::chrono::seconds(1));
    CHECK(judge_program({.started = true}).status == CheckStatus::program_ok);
    CHECK(judge_program({.started = true, .status = 2}).code == 2);
    CHECK(judge_program({.started = true, .timed_out = true, .status = 143}).status ==
          CheckStatus::program_timeout);
    CHECK(judge_program({.text = "cannot run"}).status == CheckStatus::socket_error);
}
