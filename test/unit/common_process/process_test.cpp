#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "common/clock.h"
#include "common/endpoint.h"
#include "common/logging.h"
#include "common/process/daemonize.h"
#include "common/process/descriptor_limit.h"
#include "common/process/fd_passing.h"
#include "common/process/pid_file.h"
#include "common/process/pidfd.h"
#include "common/process/privileges.h"
#include "common/process/readiness.h"
#include "common/process/signals.h"
#include "test/support/temporary_folder.h"

using namespace common;
using namespace common::process;

namespace {

using Folder = test::TemporaryFolder;

std::string slurp(const std::string& path) {
    std::ifstream in(path);
    std::ostringstream out;
    out << in.rdbuf();
    return out.str();
}

// Runs `body` in a child process (which must not return) and gives its exit status, 128+N for signal N.
template <class Body>
int in_child(Body body) {
    const pid_t child = ::fork();
    if (child == 0) {
        body();
        ::_exit(99);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace

TEST_CASE("the command's exit status is the daemon's verdict") {
    CHECK(in_child([] {
              auto report = daemonize();
              report->ready();
              ::_exit(0);
          }) == 0);
    CHECK(in_child([] {
              auto report = daemonize();
              report->failed(2);
              ::_exit(0);
          }) == 2);
    CHECK(in_child([] {
              auto report = daemonize();
              ::_exit(3);  // went away without a word
          }) == 3);
    CHECK(in_child([] {
              auto report = daemonize();
              ::_exit(0);  // so that "no word" is never success
          }) == 1);
    CHECK(in_child([] {
              auto report = daemonize();
              ::raise(SIGKILL);
          }) == 128 + SIGKILL);
}

TEST_CASE("a daemon leads its own session and has no terminal") {
    Folder folder;
    const std::string result = folder / "result";
    const int status = in_child([&] {
        const pid_t session = ::getsid(0);
        auto report = daemonize();
        const bool own_session = ::getsid(0) == ::getpid() && ::getsid(0) != session;
        report->ready();
        struct stat null{}, out{};
        ::stat("/dev/null", &null);
        ::fstat(STDERR_FILENO, &out);
        std::ofstream(result + ".part") << own_session << (null.st_rdev == out.st_rdev);
        std::filesystem::rename(result + ".part", result);
        ::_exit(0);
    });
    CHECK(status == 0);
    for (int i = 0; i < 500 && !std::filesystem::exists(result); ++i) ::usleep(10'000);
    CHECK(slurp(result) == "11");
}

TEST_CASE("a pid file holds its pids and goes with its owner") {
    Folder folder;
    const std::string path = folder / "x.pid";
    {
        auto file = PidFile::create(path, std::array<pid_t, 2>{12, 34});
        REQUIRE(file);
        CHECK(slurp(path) == "12\n34\n");
        CHECK(read_pid_file(path).value() == std::vector<pid_t>{12, 34});
        REQUIRE(file->write(std::array<pid_t, 1>{56}));
        CHECK(slurp(path) == "56\n");
        CHECK(in_child([&] {
                  file->remove();  // a forked child is no owner
                  ::_exit(0);
              }) == 0);
        CHECK(std::filesystem::exists(path));
    }
    CHECK_FALSE(std::filesystem::exists(path));
}

TEST_CASE("a pid file that a successor wrote stays") {
    Folder folder;
    const std::string path = folder / "x.pid";
    for (pid_t pid = 1; pid < 20; ++pid) {  // file systems give the inode of a replaced file to the next
        auto old_one = PidFile::create(path, std::array<pid_t, 1>{pid});
        REQUIRE(old_one);
        auto next = PidFile::create(path, std::array<pid_t, 1>{pid + 1});
        REQUIRE(next);
        auto newest = PidFile::create(path, std::array<pid_t, 1>{pid + 2});
        REQUIRE(newest);
        next->disown();
        newest->disown();
        old_one->remove();
        CHECK(slurp(path) == std::to_string(pid + 2) + "\n");
    }
}

TEST_CASE("pid files that cannot be written or read say why") {
    const auto written = PidFile::create("/nonexistent/x.pid", std::array<pid_t, 1>{1});
    REQUIRE_FALSE(written);
    CHECK(written.error().text ==
          "cannot open the folder of the pid file /nonexistent/x.pid: No such file or directory");
    Folder folder;
    const std::string path = folder / "x.pid";
    std::ofstream(path) << "12\nkill -1\n";
    const auto read = read_pid_file(path);
    REQUIRE_FALSE(read);
    CHECK(read.error().text == "pid file " + path + ": 'kill -1' is not a process id");
}

TEST_CASE("names of users and groups") {
    const auto root = resolve_identity({"root", "", {}, {}, ""});
    REQUIRE(root);
    CHECK(root->uid == 0u);
    CHECK(root->gid == 0u);
    const auto user = resolve_identity({"no_such_user", "", {}, {}, ""});
    REQUIRE_FALSE(user);
    CHECK(user.error().text == "there is no user 'no_such_user' on this system");
    const auto group = resolve_identity({"", "no_such_group", {}, {}, ""});
    REQUIRE_FALSE(group);
    CHECK(group.error().text == "there is no group 'no_such_group' on this system");
}

TEST_CASE("privileges are dropped for good, supplementary groups included") {
    if (::geteuid() != 0) return;
    Folder folder;
    CHECK(in_child([&] {
              PrivilegeSettings settings;
              settings.user = "nobody";
              settings.chroot = folder / "";
              const auto identity = resolve_identity(settings);
              if (!identity || !drop_privileges(*identity)) ::_exit(1);
              const bool dropped = ::geteuid() != 0 && ::getegid() != 0 && ::setuid(0) != 0;
              std::array<gid_t, 64> groups{};
              const int count = ::getgroups(64, groups.data());
              const bool no_root_group =
                  std::find(groups.begin(), groups.begin() + count, 0u) == groups.begin() + count;
              ::_exit(dropped && no_root_group && ::access("/etc", F_OK) != 0 ? 0 : 2);
          }) == 0);
    CHECK(in_child([] {
              Identity identity;
              identity.chroot = "/nonexistent";
              const auto result = drop_privileges(identity);
              ::_exit(!result && result.error().text ==
                                     "cannot chroot to /nonexistent: No such file or directory"
                          ? 0
                          : 1);
          }) == 0);
}

TEST_CASE("the descriptor limit is raised as far as it goes") {
    CHECK(in_child([] {
              const auto now = descriptor_limit();
              const auto raised = raise_descriptor_limit(now + 10);
              ::_exit(raised && *raised == descriptor_limit() && *raised >= now ? 0 : 1);
          }) == 0);
    CHECK(descriptors_for(2000, 100) == 4100);
    CHECK(maxconn_within(4100, 100) == 2000);
    CHECK(maxconn_within(99, 100) == 0);
}

TEST_CASE("readiness is one datagram, also to the abstract namespace") {
    Folder folder;
    const std::string address = GENERATE(as<std::string>{}, "path", "@frontdoor-test-");
    const std::string name = address == "path" ? folder / "notify" : address + std::to_string(::getpid());
    const UniqueFd manager(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    const auto endpoint = Endpoint::from_unix(name);
    REQUIRE(endpoint);
    REQUIRE(::bind(manager.get(), endpoint->data(), endpoint->size()) == 0);
    ::setenv("NOTIFY_SOCKET", name.c_str(), 1);
    const Readiness readiness = Readiness::from_environment();
    CHECK(std::getenv("NOTIFY_SOCKET") == nullptr);
    const auto next = [&] {
        std::array<char, 256> bytes{};
        const ssize_t got = ::recv(manager.get(), bytes.data(), bytes.size(), MSG_DONTWAIT);
        return std::string(bytes.data(), got > 0 ? static_cast<std::size_t>(got) : 0);
    };
    readiness.ready("serving", 42);
    CHECK(next() == "READY=1\nMAINPID=42\nSTATUS=serving");
    readiness.reloading();
    CHECK(next().starts_with("RELOADING=1\nMONOTONIC_USEC="));
    readiness.stopping();
    CHECK(next() == "STOPPING=1");
    Readiness().ready();  // without a manager: nothing happens
}

TEST_CASE("signals are read in order of need, and reach no other thread") {
    CHECK(in_child([] {
              auto reader = SignalReader::open({SIGUSR1, SIGTERM});
              std::thread other = start_thread("other", [] {
                  sigset_t blocked;
                  pthread_sigmask(SIG_SETMASK, nullptr, &blocked);
                  if (!sigismember(&blocked, SIGHUP) || sigismember(&blocked, SIGSEGV)) ::_exit(1);
              });
              other.join();
              if (reader->next()) ::_exit(2);
              ::kill(::getpid(), SIGUSR1);
              if (reader->next() != SIGUSR1) ::_exit(3);
              ::_exit(0);
          }) == 0);
}

TEST_CASE("pidfds see the end and take descriptors") {
    int ends[2];
    REQUIRE(::pipe(ends) == 0);
    const UniqueFd reader(ends[0]), writer(ends[1]);
    const pid_t child = ::fork();
    if (child == 0) {
        ::pause();
        ::_exit(0);
    }
    const auto pidfd = pidfd_open(child);
    REQUIRE(pidfd);
    CHECK_FALSE(process_ended(*pidfd));
    CHECK(process_alive(child));
    const auto copy = pidfd_getfd(*pidfd, writer.get());
    if (copy) {  // a sandbox may forbid ptrace
        CHECK(::write(copy->get(), "x", 1) == 1);
        CHECK((::fcntl(copy->get(), F_GETFD) & FD_CLOEXEC) != 0);
    }
    REQUIRE(pidfd_send_signal(*pidfd, SIGKILL));
    ::waitpid(child, nullptr, 0);
    CHECK(process_ended(*pidfd));
    const auto gone = pidfd_open(child);
    REQUIRE_FALSE(gone);
    CHECK(gone.error().code == ESRCH);
}

TEST_CASE("descriptors pass through a socket pair") {
    int pair[2];
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
    const UniqueFd left(pair[0]), right(pair[1]);
    std::vector<int> many(kMaxFdsPerMessage, 0);
    REQUIRE(send_fds(left.get(), "hello", many));
    const auto received = receive_fds(right.get(), 64);
    REQUIRE(received);
    CHECK(received->data == "hello");
    CHECK(received->fds.size() == kMaxFdsPerMessage);
    many.push_back(0);
    CHECK_FALSE(send_fds(left.get(), "x", many));
}
