// Files and processes as an instance sees them: with the real kernel, its process connector refused or not.
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "test/support/temporary_folder.h"
#include "vrrpd/engine/file_trackers.h"
#include "vrrpd/engine/process_trackers.h"

using namespace vrrpd;
using namespace vrrpd::engine;
using namespace std::chrono_literals;
using fsm::Health;

namespace {

struct Bench {
    test::TemporaryFolder folder;
    boost::asio::io_context io{1};
    int changes = 0;

    std::function<void()> changed() {
        return [this] { ++changes; };
    }
    template <class Condition>
    bool until(Condition condition) {
        const auto limit = common::Clock::now() + 10s;
        while (!condition() && common::Clock::now() < limit) io.run_one_for(100ms);
        return condition();
    }
};

// Ends with the test.
class Child {
 public:
    explicit Child(const char* name, const char* parameter) {
        pid_ = ::fork();
        if (pid_ == 0) {
            ::execl("/bin/sleep", name, parameter, nullptr);
            ::_exit(127);
        }
    }
    Child(const Child&) = delete;
    Child& operator=(const Child&) = delete;
    ~Child() { end(); }
    void end() {
        if (pid_ <= 0) return;
        ::kill(pid_, SIGKILL);
        ::waitpid(pid_, nullptr, 0);
        pid_ = 0;
    }

 private:
    pid_t pid_ = 0;
};

}  // namespace

TEST_CASE("a track file's number follows the file") {
    Bench bench;
    const std::string path = bench.folder / "value";
    config::TrackFile file;
    file.name = "load";
    file.path = path;
    file.init = 3;
    FileTrackers trackers(bench.io, bench.changed());
    trackers.configure({file});
    CHECK(trackers.result("load").value == 3);
    CHECK(trackers.result("load").health == Health::good);
    CHECK(trackers.result("other").health == Health::unknown);
    CHECK(bench.changes == 0);

    std::ofstream(path) << "-7\n";
    CHECK(bench.until([&] { return trackers.result("load").value == -7; }));
    CHECK(bench.changes == 1);
    std::filesystem::remove(path);
    CHECK(bench.until([&] { return trackers.result("load").value == 0; }));
    std::ofstream(path) << "99999999999\n";
    std::ofstream(bench.folder / "new") << "5\n";
    std::filesystem::rename(bench.folder / "new", path);
    CHECK(bench.until([&] { return trackers.result("load").value == 5; }));

    // A reload does not write again; another path is another file.
    file.overwrite = true;
    trackers.configure({file});
    CHECK(trackers.result("load").value == 5);
    file.path = bench.folder / "elsewhere";
    trackers.configure({file});
    CHECK(trackers.result("load").value == 3);
    trackers.configure({});
    CHECK(trackers.result("load").health == Health::unknown);
}

TEST_CASE("processes are counted, with the kernel's events and without") {
    const bool connector = GENERATE(true, false);
    INFO("connector " << connector);
    Bench bench;
    const std::string parameter = std::to_string(900'000 + ::getpid());
    config::TrackProcess process;
    process.name = "web";
    process.argv = {"frontdoor-web", parameter};
    ProcessTrackers trackers(bench.io, bench.changed(), connector);
    trackers.configure({process});
    const auto health = [&] { return trackers.result("web").health; };
    CHECK(health() == Health::bad);
    CHECK(trackers.result("web").detail == "0 running, wanted 1");
    CHECK(bench.changes == 0);
    {
        Child one("frontdoor-web", parameter.c_str());
        CHECK(bench.until([&] { return health() == Health::good; }));
        CHECK(trackers.result("web").detail == "1 running");
        CHECK(bench.changes == 1);

        // A reload to other numbers keeps what counts and judges anew.
        process.quorum_max = 1;
        trackers.configure({process});
        CHECK(health() == Health::good);
        Child two("frontdoor-web", parameter.c_str());
        CHECK(bench.until([&] { return health() == Health::bad; }));
        CHECK(trackers.result("web").detail == "2 running, at most 1");
        two.end();
        CHECK(bench.until([&] { return health() == Health::good; }));
        one.end();
        const auto before = common::Clock::now();
        CHECK(bench.until([&] { return health() == Health::bad; }));
        CHECK(common::Clock::now() - before < 900ms);  // not at the next look
    }
}

TEST_CASE("what ends and begins again within terminate_delay is not noticed") {
    Bench bench;
    const std::string parameter = std::to_string(700'000 + ::getpid());
    config::TrackProcess process;
    process.name = "web";
    process.argv = {"frontdoor-web", parameter};
    process.terminate_delay = 5s;
    Child one("frontdoor-web", parameter.c_str());
    ProcessTrackers trackers(bench.io, bench.changed(), false);
    const auto ready = [&] {
        trackers.configure({process});  // until the child is what it will be
        return trackers.result("web").health == Health::good;
    };
    for (int i = 0; i < 1000 && !ready(); ++i) ::usleep(1000);
    one.end();
    const auto running = [&](const char* text) {
        return bench.until([&] { return trackers.result("web").detail == text; });
    };
    CHECK(running("0 running"));
    Child two("frontdoor-web", parameter.c_str());
    CHECK(running("1 running"));
    CHECK(trackers.result("web").health == Health::good);
}
