#include "proxyd/observe/syslog_message.h"

#include <catch2/catch.hpp>

using namespace proxyd::observe;
using Format = LogTarget::Format;

namespace {

constexpr std::int64_t kWall = 1795413629'838030;  // Nov 23 2026

std::string rendered(const std::string& bytes, std::optional<Format> format = std::nullopt) {
    LogTarget target;
    target.facility = 21;
    target.format_given = format.has_value();
    if (format) target.format = *format;
    std::string out;
    append_syslog(target, parse_syslog(bytes), kWall, out);
    return out;
}

}  // namespace

// As HAProxy 2.6 forwards them.
TEST_CASE("messages in all formats") {
    struct Row {
        const char* in;
        std::optional<Format> format;
        const char* out;
    };
    const char* const old = "<34>Oct 11 22:14:15 mymachine su[99]: failed for x";
    const char* const versioned =
        "<34>1 2003-10-11T22:14:15.003Z host app 123 ID47 [ex@1 a=\"b]\\\"\"] hello world";
    const Row rows[] = {
        {old, {}, "<34>Oct 11 22:14:15 mymachine su[99]: failed for x\n"},
        {old, Format::raw, "failed for x\n"},
        {old, Format::rfc3164, "<34>Oct 11 22:14:15 mymachine su[99]: failed for x\n"},
        {old, Format::rfc5424, "<34>1 2026-10-11T22:14:15-00:00 mymachine su 99 - - failed for x\n"},
        {old, Format::local, "<34>Oct 11 22:14:15 su[99]: failed for x\n"},
        {old, Format::short_, "<2>failed for x\n"},
        {old, Format::priority, "<34>failed for x\n"},
        {old, Format::timed, "<2>2026-10-11T22:14:15-00:00 failed for x\n"},
        {old, Format::iso, "2026-10-11T22:14:15-00:00 failed for x\n"},
        {versioned, {}, "<34>1 2003-10-11T22:14:15.003Z host app 123 ID47 [ex@1 a=\"b]\\\"\"] hello world\n"},
        {versioned, Format::rfc3164, "<34>Oct 11 22:14:15 host app[123]: hello world\n"},
        {versioned, Format::local, "<34>Oct 11 22:14:15 app[123]: hello world\n"},
        {versioned, Format::timed, "<2>2003-10-11T22:14:15.003Z hello world\n"},
        {"plain text", {}, "plain text\n"},
        {"plain text", Format::priority, "<168>plain text\n"},
        {"plain text", Format::short_, "<0>plain text\n"},
        {"<13>no date here", {}, "<13>no date here\n"},
        {"<13>no date here", Format::short_, "<5>no date here\n"},
        {"<34>Oct 11 22:14:15 mymachine su: no pid\n", Format::rfc5424,
         "<34>1 2026-10-11T22:14:15-00:00 mymachine su - - - no pid\n"},
        {"<34>1 - - - - - - nils", {}, "<34>nils\n"},
        {"<999>x", Format::short_, "<7>x\n"},
        {"<13>Oct  1 02:14:15 tag: local form", Format::iso, "2026-10-01T02:14:15-00:00 local form\n"},
        {"<13>1 2003-10-11T22:14:15.003Z host app 123 ID47 - ",
         {},
         "<13>1 2003-10-11T22:14:15.003Z host app 123 ID47 - \n"},
        {"<13>1 2003-10-01T22:14:15.003Z h a - - -", Format::rfc3164, "<13>Oct  1 22:14:15 h a: \n"},
        {"<x>y", {}, "<x>y\n"},
        {"<1234>y", {}, "<1234>y\n"},
        {"<>y", {}, "<>y\n"},
        {"", {}, "\n"},
        {"<13>1 ", {}, "<13>\n"},
        {"<13>1 2003-10-11T22:14:15Z h a 1 2 [open", Format::raw, "\n"},
    };
    for (const Row& row : rows) {
        CAPTURE(row.in);
        CHECK(rendered(row.in, row.format) == row.out);
    }
    LogTarget short_line;
    short_line.max_length = 80;
    std::string out;
    append_syslog(short_line, parse_syslog(std::string(500, 'x')), kWall, out);
    CHECK(out == std::string(80, 'x') + "\n");
}

TEST_CASE("messages are cut out of a stream, split everywhere") {
    const std::string stream = "<34>one\n7 <34>two<34>three\n";
    for (std::size_t cut = 0; cut <= stream.size(); ++cut) {
        std::vector<std::string> seen;
        std::string pending;
        for (const std::string& piece : {stream.substr(0, cut), stream.substr(cut)}) {
            pending += piece;
            for (;;) {
                std::string_view message;
                std::size_t consumed = 0;
                const SyslogFrame frame = take_syslog(pending, message, consumed);
                REQUIRE(frame != SyslogFrame::error);
                if (frame == SyslogFrame::need_more) break;
                seen.emplace_back(message);
                pending.erase(0, consumed);
            }
        }
        CHECK(seen == std::vector<std::string>{"<34>one", "<34>two", "<34>three"});
        CHECK(pending.empty());
    }
    std::string_view message;
    std::size_t consumed = 0;
    for (const std::string& bad : {std::string("70000 x"), std::string("123456789"), std::string("12x"),
                                   std::string(kLongestSyslog + 1, 'x')})
        CHECK(take_syslog(bad, message, consumed) == SyslogFrame::error);
}
