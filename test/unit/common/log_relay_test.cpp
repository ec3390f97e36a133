#include "common/log_relay.h"

#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <csignal>
#include <string>

#include "common/clock.h"
#include "common/logging.h"
#include "common/unique_fd.h"

using namespace common;
using log::LineRelay;
using namespace std::chrono_literals;

namespace {

struct Pipe {
    Pipe() {
        int ends[2];
        REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
        reader.reset(ends[0]);
        writer.reset(ends[1]);
        ::fcntl(writer.get(), F_SETPIPE_SZ, 4096);
        std::signal(SIGPIPE, SIG_IGN);  // as in the daemons
    }
    // Up to the end of what is written: the writer must be closed.
    std::string rest() const {
        std::string all;
        char part[4096];
        for (ssize_t size = 0; (size = ::read(reader.get(), part, sizeof part)) > 0;)
            all.append(part, static_cast<std::size_t>(size));
        return all;
    }
    UniqueFd reader, writer;
};

std::string line_of(int number) {
    return "line " + std::to_string(number) + "\n";
}

}  // namespace

TEST_CASE("lines arrive whole and in order, the last before the relay ends") {
    Pipe pipe;
    std::string all;
    {
        auto relay = LineRelay::start();
        REQUIRE(relay);
        for (int number = 0; number < 100; ++number) {
            REQUIRE((*relay)->pass(pipe.writer.get(), line_of(number)));
            all += line_of(number);
        }
        const std::string tail(3 * LineRelay::kLongest, 'x');
        REQUIRE((*relay)->pass(STDERR_FILENO, ""));  // nothing to write, and no end
        std::string read(all.size(), '\0');
        std::size_t have = 0;
        while (have < read.size()) {
            const ssize_t size = ::read(pipe.reader.get(), read.data() + have, read.size() - have);
            REQUIRE(size > 0);
            have += static_cast<std::size_t>(size);
        }
        CHECK(read == all);
        REQUIRE((*relay)->pass(pipe.writer.get(), "last\n"));
    }
    pipe.writer.reset();
    CHECK(pipe.rest() == "last\n");
}

TEST_CASE("a target that takes nothing costs lines and no time") {
    Pipe pipe;
    auto relay = LineRelay::start();
    REQUIRE(relay);
    const std::string line(1000, 'x');
    bool refused = false;
    const TimePoint begin = Clock::now();
    for (int i = 0; i < 10000 && !refused; ++i) refused = !(*relay)->pass(pipe.writer.get(), line);
    CHECK(refused);
    relay->reset();
    CHECK(Clock::now() - begin < LineRelay::kPatience + 3s);
    // It ends where the pipe does; what it still has then goes nowhere.
    pipe.reader.reset();
}

TEST_CASE("the log says how many lines were lost once somebody takes them again") {
    Pipe pipe;
    const UniqueFd console(::dup(STDERR_FILENO));
    log::Settings settings;
    settings.style = log::Style::plain;
    REQUIRE(log::configure(settings));
    ::dup2(pipe.writer.get(), STDERR_FILENO);
    REQUIRE(log::never_wait());
    const std::string text(1000, 'x');
    for (int i = 0; i < 2000; ++i) log::info("{}", text);
    // A reader comes; lines are taken as soon as there is room.
    std::string all;
    char part[4096];
    for (int i = 0; i < 100000 && all.find("were lost") == std::string::npos; ++i) {
        const ssize_t size = ::read(pipe.reader.get(), part, sizeof part);
        REQUIRE(size > 0);
        all.append(part, static_cast<std::size_t>(size));
        log::info("here");
    }
    CHECK(all.find(" log line(s) were lost: nobody took them\n") != std::string::npos);
    ::dup2(console.get(), STDERR_FILENO);
    pipe.reader.reset();
    log::wait_again();
    REQUIRE(log::configure({}));
}
