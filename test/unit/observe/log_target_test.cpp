#include <catch2/catch.hpp>

#include "proxyd/observe/settings.h"
#include "proxyd/observe/syslog_line.h"

using namespace proxyd::observe;

namespace {

std::vector<std::string> words(std::string_view text) {
    std::vector<std::string> out;
    while (!text.empty()) {
        const auto blank = text.find(' ');
        out.emplace_back(text.substr(0, blank));
        text = blank == std::string_view::npos ? std::string_view() : text.substr(blank + 1);
    }
    return out;
}

std::string refusal(std::string_view text) {
    const auto target = parse_log_target(words(text), {});
    return target ? "accepted" : target.error().text;
}

}  // namespace

TEST_CASE("log targets in every spelling") {
    const auto parse = [](std::string_view text) {
        INFO(text);
        auto target = parse_log_target(words(text), {});
        REQUIRE(target);
        return *target;
    };
    auto t = parse("127.0.0.1 local3 info");
    CHECK(t.kind == LogTarget::Kind::udp);
    CHECK(t.address.to_string() == "127.0.0.1:514");
    CHECK(t.facility == 19);
    CHECK(t.max_level == 6);
    CHECK(t.min_level == 0);
    CHECK(t.format == LogTarget::Format::local);
    CHECK(parse("127.0.0.1:1514 daemon").address.port() == 1514);
    CHECK(parse("[2001:db8::1]:1514 daemon").address.to_string() == "[2001:db8::1]:1514");
    CHECK(parse("::1 daemon").address.to_string() == "[::1]:514");
    CHECK(parse("udp@10.0.0.1:99 local0").address.port() == 99);
    CHECK(parse("/dev/log local0 err").kind == LogTarget::Kind::unix_datagram);
    CHECK(parse("unix@/dev/log local0").address.ip() == "/dev/log");
    CHECK(parse("stdout format raw daemon debug").descriptor == 1);
    CHECK(parse("stderr local0").descriptor == 2);
    CHECK(parse("fd@7 local0").descriptor == 7);
    CHECK(parse("file@/var/log/proxyd.log local0").path == "/var/log/proxyd.log");
    t = parse("logs.example.com:5140 local0");
    CHECK(t.host == "logs.example.com");
    CHECK(t.port == 5140);
    CHECK(t.address.empty());
    t = parse("10.0.0.1 len 4096 format rfc5424 sample 1,3-5:8 local7 notice err");
    CHECK(t.max_length == 4096);
    CHECK(t.format == LogTarget::Format::rfc5424);
    CHECK(t.sample_size == 8);
    CHECK(t.sample_ranges == std::vector<std::pair<int, int>>{{1, 1}, {3, 5}});
    CHECK(t.max_level == 5);
    CHECK(t.min_level == 3);
}

TEST_CASE("refused log targets name the word") {
    CHECK(refusal("127.0.0.1") == "a facility is missing after the log address (such as local0)");
    CHECK(refusal("127.0.0.1 locl3") == "unknown log facility 'locl3'; did you mean 'local3'?");
    CHECK(refusal("127.0.0.1 local3 inf") == "unknown log level 'inf'; did you mean 'info'?");
    CHECK(refusal("127.0.0.1 len 79 local3").find("out of range (80 to 65535)") != std::string::npos);
    CHECK(refusal("127.0.0.1 format rfc5425 local3").find("did you mean 'rfc5424'?") != std::string::npos);
    CHECK(refusal("127.0.0.1 sample 1:0 local3").find("is no sample") != std::string::npos);
    CHECK(refusal("127.0.0.1 sample 9:8 local3").find("is no sample") != std::string::npos);
    CHECK(refusal("127.0.0.1 len").find("needs a word") != std::string::npos);
    CHECK(refusal("127.0.0.1:99999 local3").find("out of range") != std::string::npos);
    CHECK(refusal("127.0.0.1 local3 info err extra").find("'extra' is not expected") != std::string::npos);
    CHECK(refusal("file@x.log local3").find("absolute path") != std::string::npos);
    CHECK(refusal("tcp@127.0.0.1:6514 local3").find("through a ring section") != std::string::npos);
    CHECK(refusal("ring@ local3").find("needs the name") != std::string::npos);
    CHECK(refusal("fd@x local3").find("not a whole number") != std::string::npos);
    CHECK(refusal("we!rd local3").find("is no log address") != std::string::npos);
    CHECK(refusal("").find("needs an address") != std::string::npos);
}

TEST_CASE("line formats, byte for byte as the oracle writes them") {
    ::setenv("TZ", "UTC", 1);
    ::tzset();
    LogTarget target;
    target.facility = 19;
    const LineSource source{"haproxy", {}, 4527, 1'795'363'585'137'323};
    const auto line = [&](LogTarget::Format format, LineSource from) {
        std::string out;
        append_line(target, format, 6, from, "text", out);
        return out;
    };
    using F = LogTarget::Format;
    CHECK(line(F::local, source) == "<158>Nov 22 16:06:25 haproxy[4527]: text\n");
    CHECK(line(F::rfc3164, source) == "<158>Nov 22 16:06:25 localhost haproxy[4527]: text\n");
    CHECK(line(F::rfc5424, source) == "<158>1 2026-11-22T16:06:25.137323+00:00 - haproxy 4527 - - text\n");
    CHECK(line(F::raw, source) == "text\n");
    CHECK(line(F::short_, source) == "<6>text\n");
    CHECK(line(F::timed, source) == "<6>2026-11-22T16:06:25.137323+00:00 text\n");
    CHECK(line(F::iso, source) == "2026-11-22T16:06:25.137323+00:00 text\n");
    CHECK(line(F::priority, source) == "<158>text\n");
    CHECK(line(F::rfc3164, {"t", "node1", 1, source.wall_us}) == "<158>Nov 22 16:06:25 node1 t[1]: text\n");
    CHECK(effective_format(target, "node1") == F::rfc3164);
    CHECK(effective_format(target, "") == F::local);
}

TEST_CASE("lines are cut at the target's length") {
    LogTarget target;
    target.max_length = 120;
    for (const auto& [format, size] : {std::pair{LogTarget::Format::local, 121},
                                       {LogTarget::Format::raw, 120},
                                       {LogTarget::Format::short_, 121}}) {
        std::string out;
        append_line(target, format, 6, {"haproxy", {}, 4527, 0}, std::string(500, 'x'), out);
        CHECK(out.size() == static_cast<std::size_t>(size));
        CHECK(out.back() == '\n');
    }
}
