#include "vrrpd/admin/reload_clock.h"

#include <catch2/catch.hpp>
#include <ctime>

using std::chrono::system_clock;
using vrrpd::admin::parse_reload_time;

TEST_CASE("the time of a reload") {
    // 2026-11-22 21:00:00 UTC
    const system_clock::time_point now = system_clock::from_time_t(1795381200);
    const auto text_of = [&](std::string_view text) -> std::string {
        const auto at = parse_reload_time(text, now);
        if (!at) return at.error().text;
        const std::time_t time = system_clock::to_time_t(*at);
        char out[32];
        std::strftime(out, sizeof out, "%F %T", std::gmtime(&time));
        return out;
    };
    struct Case {
        const char* text;
        const char* expected;
    };
    const Case cases[] = {
        {"21:00:01Z", "2026-11-22 21:00:01"},
        {"21:00:00Z", "2026-11-23 21:00:00"},
        {"03:30:00Z", "2026-11-23 03:30:00"},
        {"26-12-01 00:00:00Z", "2026-12-01 00:00:00"},
        {"2027-01-31 23:59:59Z", "2027-01-31 23:59:59"},
        {"2026-11-22 20:59:59Z", "'2026-11-22 20:59:59Z' is over"},
        {"2027-02-29 12:00:00Z", "'2027-02-29 12:00:00Z' does not exist"},
        {"24:00:00Z", "'24:00:00Z' does not exist"},
        {"12:60:00Z", "'12:60:00Z' does not exist"},
        {"", "'' is no time: [[YY]YY-MM-DD ]HH:MM:SS[Z]"},
        {" 12:00:00", "' 12:00:00' is no time: [[YY]YY-MM-DD ]HH:MM:SS[Z]"},
        {"12:00", "'12:00' is no time: [[YY]YY-MM-DD ]HH:MM:SS[Z]"},
        {"2026-11-23  12:00:00", "'2026-11-23  12:00:00' is no time: [[YY]YY-MM-DD ]HH:MM:SS[Z]"},
        {"2026-11-23 12:00:00z", "'2026-11-23 12:00:00z' is no time: [[YY]YY-MM-DD ]HH:MM:SS[Z]"},
    };
    for (const Case& one : cases) {
        INFO(one.text);
        CHECK(text_of(one.text) == one.expected);
    }
}
