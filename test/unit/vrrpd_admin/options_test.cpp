#include "vrrpd/admin/options.h"

#include <syslog.h>

#include <csignal>

#include <catch2/catch.hpp>

using namespace vrrpd::admin;

namespace {

common::Result<Options> parse(std::vector<const char*> words) {
    words.insert(words.begin(), "vrrpd");
    return parse_options(static_cast<int>(words.size()), words.data());
}

}  // namespace

TEST_CASE("keepalived's ways to write an option") {
    struct Case {
        std::vector<const char*> words;
    };
    const Case cases[] = {
        {{"-f", "a.conf"}}, {{"-fa.conf"}}, {{"--use-file", "a.conf"}}, {{"--use-file=a.conf"}}};
    for (const Case& c : cases) {
        const auto options = parse(c.words);
        REQUIRE(options);
        CHECK(options->config == "a.conf");
    }
    const auto bundle = parse({"-nlDf", "a.conf", "-P", "-p/run/x.pid"});
    REQUIRE(bundle);
    CHECK((bundle->foreground && bundle->console && bundle->detail));
    CHECK(bundle->config == "a.conf");
    CHECK(bundle->pid_file == "/run/x.pid");
    // An optional value stands only in the same word.
    const auto test = parse({"-t", "-f", "a.conf"});
    REQUIRE(test);
    CHECK(test->mode == Mode::test);
    CHECK(test->config == "a.conf");
    CHECK(parse({"--config-test=out"})->mode == Mode::test);
}

TEST_CASE("facilities by number, as keepalived counts, and by name") {
    CHECK(parse({"-S", "3"})->facility == LOG_LOCAL3);
    CHECK(parse({"--log-facility=daemon"})->facility == LOG_DAEMON);
    CHECK_FALSE(parse({"-S", "none"})->syslog);
}

TEST_CASE("what keepalived has and vrrpd has not is taken and told") {
    const auto options = parse({"-C", "-R", "-I", "-x", "--all"});
    REQUIRE(options);
    CHECK(options->notes.size() == 2);  // -C and -x; the others change nothing for anybody
}

TEST_CASE("bad words are one sentence each") {
    struct Case {
        std::vector<const char*> words;
        const char* text;
    };
    const Case cases[] = {
        {{"--shw"}, "unknown option '--shw'; did you mean '--show'? (vrrpd --help lists all)"},
        {{"-Q"}, "unknown option '-Q' (vrrpd --help lists all)"},
        {{"-f"}, "-f, --use-file needs a value: FILE"},
        {{"-f", ""}, "-f, --use-file needs a value"},
        {{"--dont-fork=yes"}, "-n, --dont-fork takes no value"},
        {{"-S", "9"}, "-S, --log-facility wants 0-7 or the name of a facility, not '9'"},
        {{"-u", "9"}, "-u, --umask wants an octal mask, not '9'"},
        {{"a.conf"}, "unexpected argument 'a.conf'; the configuration file is given with -f"},
        {{"-"}, "unexpected argument '-'; the configuration file is given with -f"},
    };
    for (const Case& c : cases) {
        const auto options = parse(c.words);
        REQUIRE_FALSE(options);
        CHECK(options.error().text == c.text);
    }
}

TEST_CASE("the help names every option once") {
    const std::string help = help_text();
    for (const char* option :
         {"-f, --use-file=FILE", "-t, --config-test[=FILE]", "    --show ", "-g, --log-file[=FILE]"}) {
        const std::size_t first = help.find(option);
        REQUIRE(first != help.npos);
        CHECK(help.find(option, first + 1) == help.npos);
    }
    CHECK(signal_number("RELOAD") == SIGHUP);
    CHECK(signal_number("NONSENSE") == 0);
}
