// Scripts with the real helper process: what counts, when, and that there is never more than one run at a
// time.
#include "vrrpd/engine/script_runner.h"

#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "test/support/temporary_folder.h"
#include "vrrpd/io/file_test.h"

using namespace vrrpd;
using namespace vrrpd::engine;
using namespace std::chrono_literals;
using fsm::Health;

namespace {

struct Bench {
    test::TemporaryFolder folder;
    boost::asio::io_context io{1};
    static constexpr common::process::HelperTask kTasks[] = {vrrpd::io::kFileTestTask};
    HelperPort helper{io, std::move(*common::process::HelperProcess::start("test-helper", kTasks))};
    int changes = 0;

    config::Script script(const std::string& shell) {
        config::Script result;
        result.name = "chk";
        result.command.argv = {"/bin/sh", "-c", shell};
        result.interval = 1h;  // unless the test says otherwise: one run
        result.timeout = 10s;
        return result;
    }
    std::string path(const char* name) const { return folder / name; }
    std::size_t lines(const char* name) const {
        std::ifstream in(path(name));
        return static_cast<std::size_t>(std::count(std::istreambuf_iterator<char>(in), {}, '\n'));
    }
    template <class Condition>
    bool until(Condition condition) {
        const auto limit = common::Clock::now() + 10s;
        while (!condition() && common::Clock::now() < limit) io.run_one_for(100ms);
        return condition();
    }
};

}  // namespace

TEST_CASE("the first result counts alone, the next ones by rise and fall") {
    Bench bench;
    config::Script script =
        bench.script("echo >> " + bench.path("runs") + "; [ ! -e " + bench.path("fail") + " ]");
    script.interval = 20ms;
    script.counts = {2, 3};
    ScriptRunner runner(bench.io, bench.helper, script, {}, [&] { ++bench.changes; });
    CHECK(runner.result().health == Health::unknown);
    runner.start();
    REQUIRE(bench.until([&] { return runner.result().health == Health::good; }));
    CHECK(bench.lines("runs") == 1);
    const std::size_t good_runs = bench.lines("runs");
    std::ofstream(bench.path("fail")).put('x');
    REQUIRE(bench.until([&] { return runner.result().health == Health::bad; }));
    CHECK(bench.lines("runs") >= good_runs + 3);
    CHECK(runner.result().detail == "exited with status 1");
    CHECK(bench.changes == 2);
}

TEST_CASE("a script that hangs fails at its timeout and does not run again before its end") {
    Bench bench;
    config::Script script =
        bench.script("echo >> " + bench.path("runs") + "; trap '' TERM; sleep 60; sleep 60");
    script.interval = 50ms;
    script.timeout = 100ms;
    ScriptRunner runner(bench.io, bench.helper, script, {}, [&] { ++bench.changes; });
    runner.start();
    REQUIRE(bench.until([&] { return runner.result().health == Health::bad; }));
    CHECK(runner.result().detail == "timed out");
    CHECK(runner.running());
    CHECK(bench.lines("runs") == 1);
    REQUIRE(bench.until([&] { return runner.runs() == 2; }));  // after SIGKILL
    CHECK(bench.changes == 1);
}

TEST_CASE("looking at once starts a run, or another one behind the one that runs") {
    Bench bench;
    ScriptRunner runner(bench.io, bench.helper, bench.script("echo >> " + bench.path("runs") + "; sleep 0.2"),
                        {}, [] {});
    runner.start();
    REQUIRE(bench.until([&] { return bench.lines("runs") == 1; }));
    runner.run_now();
    runner.run_now();
    CHECK(bench.lines("runs") == 1);
    REQUIRE(bench.until([&] { return bench.lines("runs") == 2 && !runner.running(); }));
    runner.run_now();
    CHECK(runner.running());
    REQUIRE(bench.until([&] { return bench.lines("runs") == 3; }));
}

TEST_CASE("while the proxy reloads a failure changes nothing") {
    Bench bench;
    config::Script script =
        bench.script("echo >> " + bench.path("runs") + "; [ ! -e " + bench.path("fail") + " ]");
    script.interval = 20ms;
    ScriptRunner runner(bench.io, bench.helper, script, {}, [&] { ++bench.changes; });
    runner.start();
    REQUIRE(bench.until([&] { return runner.result().health == Health::good; }));
    runner.suspend(true);
    std::ofstream(bench.path("fail")).put('x');
    const std::uint64_t runs = runner.runs();
    REQUIRE(bench.until([&] { return runner.runs() > runs + 3; }));
    CHECK(runner.result().health == Health::good);
    runner.suspend(false);
    REQUIRE(bench.until([&] { return runner.result().health == Health::bad; }));
}

TEST_CASE("what cannot run fails with the reason; init_fail is bad until the first success") {
    Bench bench;
    config::Script script = bench.script("");
    script.command.argv = {"/no/such/script"};
    ScriptRunner missing(bench.io, bench.helper, script, {}, [] {});
    missing.start();
    REQUIRE(bench.until([&] { return missing.result().health == Health::bad; }));
    CHECK(missing.result().detail == "cannot run: /no/such/script: No such file or directory");

    config::Script careful = bench.script("exit 0");
    careful.init_fail = true;
    ScriptRunner runner(bench.io, bench.helper, careful, {}, [] {});
    CHECK(runner.result().health == Health::bad);
    runner.start();
    REQUIRE(bench.until([&] { return runner.result().health == Health::good; }));
}

TEST_CASE("a script that is '<' and a file is good while the file can be opened") {
    Bench bench;
    config::Script script = bench.script("");
    script.command.argv = {"<" + bench.path("lock")};
    script.interval = 20ms;
    std::ofstream(bench.path("lock")) << "";
    ScriptRunner runner(bench.io, bench.helper, script, {}, [&] { ++bench.changes; });
    runner.start();
    CHECK(bench.until([&] { return runner.result().health == Health::good; }));
    std::filesystem::remove(bench.path("lock"));
    CHECK(bench.until([&] { return runner.result().health == Health::bad; }));
    CHECK(runner.result().detail == "exited with status 2");  // ENOENT, as keepalived's
}
