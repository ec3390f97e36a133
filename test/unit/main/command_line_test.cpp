#include "proxyd/main/command_line.h"

#include <catch2/catch.hpp>

using namespace proxyd::main;

namespace {

common::Result<Options> parse(std::vector<std::string_view> words) {
    return parse_command_line(words);
}

}  // namespace

TEST_CASE("an init script's line") {
    const auto o =
        parse({"-D", "-f", "a.cfg", "-f", "b.cfg", "-p", "/run/x.pid", "-n", "500", "-sf", "12", "34"});
    REQUIRE(o);
    CHECK(o->task == Options::Task::run);
    CHECK(o->daemon);
    CHECK(o->files == std::vector<std::string>{"a.cfg", "b.cfg"});
    CHECK(o->pid_file == "/run/x.pid");
    CHECK(o->maxconn == 500);
    CHECK(o->finish == std::vector<pid_t>{12, 34});
}

TEST_CASE("test tools and service managers") {
    CHECK(parse({"-d", "-Ws", "-f", "x", "-p", "y"})->notify);
    CHECK(parse({"-d", "-W", "-f", "x"})->master);
    CHECK(parse({"-d", "-f", "x"})->foreground);
    CHECK(parse({"-c", "-q", "-f", "x"})->task == Options::Task::check);
    CHECK(parse({"-cc", "streq(a,a) && !streq(a,b)"})->condition == "streq(a,a) && !streq(a,b)");
    CHECK(parse({"-W", "-S", "/run/m.sock", "-f", "x"})->ignored == std::vector<std::string>{"-S"});
    CHECK(parse({"-dM0x55", "-f", "x"})->ignored == std::vector<std::string>{"-dM0x55"});
}

TEST_CASE("lists of pids end at the next option, and may be empty") {
    const auto o = parse({"-sf", "-st", "7", "-x", "/run/s", "--", "-f", "odd"});
    REQUIRE(o);
    CHECK(o->finish.empty());
    CHECK(o->terminate == std::vector<pid_t>{7});
    CHECK(o->takeover_path == "/run/s");
    CHECK(o->files == std::vector<std::string>{"-f", "odd"});
}

TEST_CASE("--health with and without a path") {
    CHECK(parse({"--health"})->control_path.empty());
    CHECK(parse({"--health", "/x"})->control_path == "/x");
    CHECK(parse({"--health"})->task == Options::Task::health);
}

TEST_CASE("bad command lines say what was expected") {
    const auto [words, sentence] = GENERATE(table<std::vector<std::string_view>, std::string>({
        {{"-f"}, "option -f needs FILE|FOLDER"},
        {{"-ws"}, "unknown option '-ws'; did you mean '-Ws'?"},
        {{"stray"}, "unknown option 'stray'"},
        {{"-sf", "12x"}, "'12x' is not a process id"},
        {{"-sf", "0"}, "'0' is not a process id"},
        {{"-n"}, "option -n needs NUMBER"},
    }));
    const auto o = parse(words);
    REQUIRE_FALSE(o);
    CHECK(o.error().text == sentence);
}

TEST_CASE("-n refuses nonsense") {
    CHECK_FALSE(parse({"-n", "-5"}));
    CHECK_FALSE(parse({"-n", "x"}));
}

TEST_CASE("every option is in the usage text") {
    const std::string text = usage("proxyd");
    for (const char* option : {"-f FILE", "-sf PID", "-Ws", "--quick", "-cc", "--health"}) {
        CHECK(text.find(option) != std::string::npos);
    }
}
