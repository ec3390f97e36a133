#include "common/process/helper_process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

#include "test/support/temporary_folder.h"

using namespace common;
using namespace common::process;
using namespace std::chrono_literals;
using Kind = HelperEvent::Kind;

namespace {

int greet(std::string_view payload, std::string& text) {
    text = "hello " + std::string(payload);
    return 7;
}

constexpr HelperTask kTasks[] = {{"greet", greet}};

// Waits for the next event; fails the test after ten seconds.
HelperEvent next_event(HelperProcess& helper) {
    const TimePoint limit = Clock::now() + 10s;
    while (Clock::now() < limit) {
        pollfd wait{helper.fd(), POLLIN, 0};
        ::poll(&wait, 1, 100);
        auto event = helper.receive();
        REQUIRE(event.has_value());
        if (*event) return **event;
    }
    FAIL("no event within ten seconds");
    return {};
}

HelperJob shell(std::uint64_t id, std::string command) {
    HelperJob job;
    job.id = id;
    job.argv = {"/bin/sh", "-c", std::move(command)};
    return job;
}

std::string slurp(const std::filesystem::path& path) {
    std::ifstream in(path);
    std::stringstream text;
    text << in.rdbuf();
    return text.str();
}

bool eventually(const std::function<bool()>& condition) {
    for (const TimePoint limit = Clock::now() + 10s; Clock::now() < limit; ::usleep(5000)) {
        if (condition()) return true;
    }
    return false;
}

}  // namespace

TEST_CASE("messages survive the way") {
    HelperJob job = shell(5, "true");
    job.environment = {"A=1"};
    job.uid = 12;
    job.groups = {1, 2};
    job.timeout = 1500ms;
    job.queue = "q";
    job.patience = 3s;
    const std::string bytes = encode(job);
    REQUIRE(decode_request(bytes).job == job);
    const HelperEvent event{9, Kind::signalled, 15, "text"};
    REQUIRE(decode_event(encode(event)) == event);
    for (std::size_t size = 0; size < bytes.size(); ++size) {
        CHECK_FALSE(decode_request(bytes.substr(0, size)).job);
    }
    CHECK_FALSE(decode_request(bytes + "x").job);
    CHECK_FALSE(decode_event("E"));
}

TEST_CASE("a job's end is reported as it was") {
    auto helper = HelperProcess::start("test-helper", kTasks);
    REQUIRE(helper);
    REQUIRE(helper->submit(shell(1, "exit 3")));
    CHECK(next_event(*helper) == HelperEvent{1, Kind::exited, 3, ""});
    REQUIRE(helper->submit(shell(2, "kill -KILL $$")));
    CHECK(next_event(*helper) == HelperEvent{2, Kind::signalled, 9, ""});

    HelperJob missing;
    missing.id = 3;
    missing.argv = {"/no/such/file"};
    REQUIRE(helper->submit(missing));
    const HelperEvent event = next_event(*helper);
    CHECK(event.kind == Kind::not_run);
    CHECK(event.describe() == "cannot run: /no/such/file: No such file or directory");

    HelperJob task;
    task.id = 4;
    task.task = "greet";
    task.payload = "world";
    REQUIRE(helper->submit(task));
    CHECK(next_event(*helper) == HelperEvent{4, Kind::exited, 7, "hello world"});

    HelperJob by_path;
    by_path.id = 5;
    by_path.argv = {"true"};
    REQUIRE(helper->submit(by_path));
    CHECK(next_event(*helper) == HelperEvent{5, Kind::exited, 0, ""});
}

TEST_CASE("a job inherits nothing but the three standard descriptors") {
    const int leak = ::open("/dev/null", O_RDONLY);  // not close-on-exec, as a library's may be
    auto helper = HelperProcess::start("test-helper");
    REQUIRE(helper);
    HelperJob job;
    job.id = 1;
    job.argv = {"sleep", "60"};
    REQUIRE(helper->submit(job));
    // Looked at from outside: a shell would open descriptors of its own.
    const auto only_child = [](const std::string& pid) {
        std::string child = slurp("/proc/" + pid + "/task/" + pid + "/children");
        return child.erase(child.find_last_not_of(' ') + 1);
    };
    std::string child;
    REQUIRE(eventually([&] {
        child = only_child(only_child(std::to_string(helper->pid())));
        return !child.empty() && slurp("/proc/" + child + "/comm") == "sleep\n";
    }));
    ::close(leak);
    const std::map<std::string, std::string> expected{
        {"0", "/dev/null"}, {"1", "/dev/null"}, {"2", "/dev/null"}};
    std::map<std::string, std::string> found;
    const auto look = [&] {
        found.clear();
        std::error_code gone;  // the loader opens and closes libraries at first
        for (const auto& entry : std::filesystem::directory_iterator("/proc/" + child + "/fd"))
            found[entry.path().filename()] = std::filesystem::read_symlink(entry.path(), gone);
        return found == expected;
    };
    eventually(look);
    CHECK(found == expected);
    REQUIRE(helper->cancel(1));
    CHECK(next_event(*helper) == HelperEvent{1, Kind::signalled, SIGTERM, ""});
}

TEST_CASE("a job has its own group, default signals and the ordinary scheduling class") {
    const test::TemporaryFolder folder;
    ::signal(SIGPIPE, SIG_IGN);
    auto helper = HelperProcess::start("test-helper");
    ::signal(SIGPIPE, SIG_DFL);
    REQUIRE(helper);
    const auto out = folder.path() / "status";
    REQUIRE(helper->submit(shell(1, "grep -E '^Sig(Blk|Ign)' /proc/self/status > " + out.string() +
                                        "; ps -o pgid= -p $$ | tr -d ' ' | grep -qx $$")));
    CHECK(next_event(*helper) == HelperEvent{1, Kind::exited, 0, ""});
    CHECK(slurp(out) == "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n");
}

TEST_CASE("time over: the group gets SIGTERM, then SIGKILL, but a daemon it started lives on") {
    const test::TemporaryFolder folder;
    auto helper = HelperProcess::start("test-helper");
    REQUIRE(helper);
    const auto daemon = folder.path() / "daemon", stubborn = folder.path() / "child";
    HelperJob job =
        shell(1, "setsid sleep 60 & echo $! > " + daemon.string() + "; (trap '' TERM; sleep 50 & echo $! > " +
                     stubborn.string() + "; wait; sleep 50) & trap '' TERM; wait; sleep 50");
    job.timeout = 300ms;
    const TimePoint begin = Clock::now();
    REQUIRE(helper->submit(job));
    CHECK(next_event(*helper).kind == Kind::timed_out);
    CHECK(Clock::now() - begin >= 300ms);
    CHECK(next_event(*helper) == HelperEvent{1, Kind::signalled, SIGKILL, ""});
    CHECK(Clock::now() - begin >= 2300ms);
    const pid_t alive = std::stoi(slurp(daemon)), dead = std::stoi(slurp(stubborn));
    CHECK(::kill(alive, 0) == 0);
    CHECK(eventually([&] { return ::kill(dead, 0) < 0; }));
    ::kill(alive, SIGKILL);
}

TEST_CASE("jobs of one queue follow each other, and a stuck one gives way after its patience") {
    const test::TemporaryFolder folder;
    auto helper = HelperProcess::start("test-helper");
    REQUIRE(helper);
    const std::string log = folder / "log";
    for (int i = 1; i <= 3; ++i) {
        // The first takes longest: without the queue it would be last.
        HelperJob job = shell(
            i, "sleep " + std::string(i == 1 ? "0.3" : "0") + "; echo " + std::to_string(i) + " >> " + log);
        job.queue = "VI_1";
        REQUIRE(helper->submit(job));
    }
    for (std::uint64_t i = 1; i <= 3; ++i) CHECK(next_event(*helper).id == i);
    CHECK(slurp(log) == "1\n2\n3\n");

    HelperJob stuck = shell(4, "sleep 60");
    stuck.queue = "VI_1";
    stuck.patience = 200ms;
    HelperJob behind = shell(5, "true");
    behind.queue = "VI_1";
    REQUIRE(helper->submit(stuck));
    REQUIRE(helper->submit(behind));
    CHECK(next_event(*helper) == HelperEvent{4, Kind::timed_out, 0, ""});
    CHECK(next_event(*helper) == HelperEvent{4, Kind::signalled, SIGTERM, ""});
    CHECK(next_event(*helper) == HelperEvent{5, Kind::exited, 0, ""});
}

TEST_CASE("a helper that dies is replaced and gets its open jobs again, once") {
    const test::TemporaryFolder folder;
    auto helper = HelperProcess::start("test-helper");
    REQUIRE(helper);
    // The first run kills the helper, whose child the job's shell is; the second ends well.
    const std::string mark = folder / "mark";
    const std::string killer = "kill -9 $PPID; sleep 0.2";
    REQUIRE(helper->submit(shell(1, "[ -e " + mark + " ] && exit 4; touch " + mark + "; " + killer)));
    CHECK(next_event(*helper) == HelperEvent{1, Kind::exited, 4, ""});
    CHECK(helper->restarts() == 1);
    // One that kills it each time does not get a third chance.
    REQUIRE(helper->submit(shell(2, killer)));
    const HelperEvent twice = next_event(*helper);
    CHECK(twice.id == 2);
    CHECK(twice.kind == Kind::not_run);
    CHECK(helper->restarts() == 3);
    REQUIRE(helper->submit(shell(3, "exit 5")));
    CHECK(next_event(*helper) == HelperEvent{3, Kind::exited, 5, ""});
}

TEST_CASE("what was queued still runs after the daemon is gone") {
    const test::TemporaryFolder folder;
    const std::string log = folder / "log";
    pid_t pid = 0;
    {
        auto helper = HelperProcess::start("test-helper");
        REQUIRE(helper);
        pid = helper->pid();
        for (int i = 1; i <= 2; ++i) {
            HelperJob job = shell(i, "sleep 0.1; echo " + std::to_string(i) + " >> " + log);
            job.queue = "stop";
            REQUIRE(helper->submit(job));
        }
    }
    CHECK(eventually([&] { return slurp(log) == "1\n2\n"; }));
    int status = 0;
    CHECK(::waitpid(pid, &status, 0) == pid);
    CHECK((WIFEXITED(status) && WEXITSTATUS(status) == 0));
}
