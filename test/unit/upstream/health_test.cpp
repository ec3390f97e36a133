#include "proxyd/upstream/health.h"

#include <catch2/catch.hpp>

#include "proxyd/upstream/health_log.h"

using namespace proxyd::upstream;
using namespace std::chrono_literals;

namespace {

struct Row {
    int rise, fall;
    std::string results;  // '+' passed, '-' failed, '_' forced down before
    std::vector<std::string>
        expected;  // after each result: state, and '^' 'v' when it went up or down, '.' when it did not move
};

const std::vector<Row> kRows{
    {2, 3, "+++", {"3/3 UP", "3/3 UP.", "3/3 UP."}},
    {2, 3, "-", {"0/2 DOWNv"}},
    {2, 3, "+----", {"3/3 UP", "2/3 UP", "1/3 UP", "0/2 DOWNv", "0/2 DOWN."}},
    {2,
     3,
     "+---+-++",
     {"3/3 UP", "2/3 UP", "1/3 UP", "0/2 DOWNv", "1/2 DOWN", "0/2 DOWN", "1/2 DOWN", "3/3 UP^"}},
    {2, 3, "+--+-", {"3/3 UP", "2/3 UP", "1/3 UP", "3/3 UP", "2/3 UP"}},
    {1, 1, "+-+-", {"1/1 UP.", "0/1 DOWNv", "1/1 UP^", "0/1 DOWNv"}},
    {3, 1, "-+++", {"0/3 DOWNv", "1/3 DOWN", "2/3 DOWN", "1/1 UP^"}},
    {1, 2, "_+", {"2/2 UP^"}},
};

}  // namespace

TEST_CASE("servers rise and fall as HAProxy's do") {
    for (const Row& row : kRows) {
        Health health(row.rise, row.fall);
        std::vector<std::string> seen;
        for (const char c : row.results) {
            if (c == '_') {
                health.force_down();
                continue;
            }
            const Health::Outcome outcome = c == '+' ? health.passed() : health.failed();
            std::string text = health.text(false);
            if (outcome.change == Health::Change::went_up) text += "^";
            if (outcome.change == Health::Change::went_down) text += "v";
            if (!outcome.moved) text += ".";
            seen.push_back(text);
        }
        INFO("rise " << row.rise << " fall " << row.fall << " " << row.results);
        CHECK(seen == row.expected);
    }
    CHECK(Health(2, 3).text(true) == "1/3 DRAIN");
}

TEST_CASE("the interval follows the state") {
    CheckSettings settings;
    settings.inter = 2s;
    settings.fastinter = 500ms;
    settings.downinter = 10s;
    Health health(2, 3);
    CHECK(health.interval(settings) == 500ms);  // not proven yet
    health.passed();
    CHECK(health.interval(settings) == 2s);
    health.failed();
    CHECK(health.interval(settings) == 500ms);
    health.failed();
    health.failed();
    CHECK(health.interval(settings) == 10s);
    health.passed();
    CHECK(health.interval(settings) == 500ms);
    settings.fastinter = settings.downinter = 0s;
    CHECK(health.interval(settings) == 2s);
}

TEST_CASE("lines about servers are HAProxy's") {
    const CheckResult refused{CheckStatus::l4_error, 0, "Connection refused", 400us};
    const CheckResult wrong{CheckStatus::l7_wrong_status, 500, "Oops Dear", 3ms};
    ServerNews news{.backend = "b", .server = "s1", .result = &refused, .active = 1, .backup = 1};
    CHECK(server_down_line(news) ==
          "Server b/s1 is DOWN, reason: Layer4 connection problem, info: \"Connection refused\", check "
          "duration: 0ms. "
          "1 active and 1 backup servers left. 0 sessions active, 0 requeued, 0 remaining in queue.");
    news.active = 0;
    news.result = nullptr;
    news.sessions = 4;
    news.requeued = 2;
    news.remaining = 1;
    CHECK(server_down_line(news) ==
          "Server b/s1 is DOWN. 0 active and 1 backup servers left. Running on backup. "
          "4 sessions active, 2 requeued, 1 remaining in queue.");
    CHECK(server_up_line({.backend = "exp", .server = "e", .result = &wrong, .active = 1}) ==
          "Server exp/e is UP, reason: Layer7 wrong status, code: 500, info: \"Oops Dear\", check duration: "
          "3ms. "
          "1 active and 0 backup servers online. 0 sessions requeued, 0 total in queue.");
    CHECK(server_up_line({.backend = "b", .server = "s", .is_backup = true, .backup = 1}) ==
          "Backup Server b/s is UP. 0 active and 1 backup servers online. Running on backup. "
          "0 sessions requeued, 0 total in queue.");
    CHECK(no_server_line("exp") == "backend exp has no server available!");
    CHECK(check_line(news, wrong, "2/3 UP") ==
          "Health check for server b/s1 failed, reason: Layer7 wrong status, code: 500, info: \"Oops Dear\", "
          "check duration: 3ms, status: 2/3 UP.");
    CHECK(check_line(news, {CheckStatus::l4_ok, 0, {}, 0s}, "1/2 DOWN") ==
          "Health check for server b/s1 succeeded, reason: Layer4 check passed, check duration: 0ms, status: "
          "1/2 DOWN.");
    CHECK(reason({CheckStatus::l7_wrong_status, 500, "a\"b\r\n", 0s}) ==
          "reason: Layer7 wrong status, code: 500, info: \"a'b  \", check duration: 0ms");
}
