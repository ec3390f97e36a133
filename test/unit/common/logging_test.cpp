#include "common/logging.h"

#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <regex>
#include <sstream>

#include "test/support/temporary_folder.h"

using namespace common;
using namespace std::chrono_literals;

namespace {

std::string slurp(const std::string& path) {
    std::ifstream in(path);
    std::ostringstream out;
    out << in.rdbuf();
    return out.str();
}

struct LogFolder {
    test::TemporaryFolder folder;
    ~LogFolder() { (void)log::configure({}); }
    log::Settings settings(log::Style style) const {
        log::Settings s;
        s.style = style;
        s.console = false;
        s.file = folder / "daemon.log";
        return s;
    }
};

}  // namespace

TEST_CASE_METHOD(LogFolder, "lines look as the tools of either world expect") {
    REQUIRE(log::configure(settings(log::Style::haproxy)));
    log::warning("backend '{}' has no server", "web");
    log::debug("not shown");
    CHECK(slurp(folder / "daemon.log") ==
          "[WARNING]  (" + std::to_string(::getpid()) + ") : backend 'web' has no server\n");

    REQUIRE(log::configure(settings(log::Style::keepalived)));
    log::notice("Entering MASTER STATE");
    CHECK(std::regex_search(slurp(folder / "daemon.log"),
                            std::regex("\n[A-Z][a-z]{2} [A-Z][a-z]{2} [ 0-3][0-9] [0-9:]{8} [0-9]{4}: "
                                       "Entering MASTER STATE\n$")));
}

TEST_CASE_METHOD(LogFolder, "reopen follows logrotate, and keeps the old file when it cannot") {
    REQUIRE(log::configure(settings(log::Style::plain)));
    log::info("one");
    std::filesystem::rename(folder / "daemon.log", folder / "daemon.log.1");
    log::info("two");
    REQUIRE(log::reopen());
    log::info("three");
    CHECK(slurp(folder / "daemon.log.1") == "one\ntwo\n");
    CHECK(slurp(folder / "daemon.log") == "three\n");

    std::filesystem::remove(folder / "daemon.log");
    std::filesystem::create_directory(folder / "daemon.log");
    CHECK_FALSE(log::reopen());
}

TEST_CASE("a file that cannot be opened is an error") {
    log::Settings settings;
    settings.file = "/nonexistent/daemon.log";
    const auto result = log::configure(settings);
    REQUIRE_FALSE(result);
    CHECK(result.error().text == "cannot open the log folder /nonexistent/: No such file or directory");
}

TEST_CASE("the rate limiter lets one line through per interval and counts the rest") {
    log::RateLimiter limit(1s);
    const TimePoint start(100s);
    CHECK(limit.admit("a", start) == 0u);
    CHECK_FALSE(limit.admit("a", start + 500ms));
    CHECK_FALSE(limit.admit("a", start + 999ms));
    CHECK(limit.admit("b", start + 999ms) == 0u);
    CHECK(limit.admit("a", start + 1s) == 2u);
    CHECK(log::suppressed_note(2) == " (2 more like this)");
    CHECK(log::suppressed_note(0).empty());
}

TEST_CASE("the rate limiter's memory is bounded") {
    log::RateLimiter limit(1s);
    std::size_t passed = 0;
    for (int i = 0; i < 10'000; ++i)
        passed += limit.admit("key " + std::to_string(i), TimePoint(5s)).has_value();
    CHECK(passed == log::RateLimiter::kMaxKeys + 1);
}
