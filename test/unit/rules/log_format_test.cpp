#include "proxyd/rules/logs/format.h"

#include "rules_fixture.h"

using namespace proxyd::rules;
using test::Exchange;

namespace {

std::string render(const Context& context, std::string_view format, LogUse use = LogUse::log) {
    auto compiled = LogFormat::compile(format, use);
    if (!compiled) return "error: " + compiled.error().text;
    std::string out;
    compiled->render(context, out);
    return out;
}

void set_times(Context& c) {
    c.times.accept_wall_us = 1'795'360'329'443'000;  // 2026-11-22 15:12:09.443 UTC
    c.times.request_wall_us = c.times.accept_wall_us + 5'000;
    c.times.accepted = 1'000'000;
    c.times.handshake_done = 1'002'000;
    c.times.request_start = 1'005'000;
    c.times.request_done = 1'006'500;
    c.times.queue_done = 1'016'500;
    c.times.connected = 1'019'000;
    c.times.response_headers = 1'050'000;
    c.times.finished = 1'109'900;
}

}  // namespace

TEST_CASE("the default formats") {
    ::setenv("TZ", "UTC", 1);
    ::tzset();
    Exchange x;
    set_times(x.context);
    x.context.status = 200;
    x.context.bytes_to_client = 2750;
    x.context.active_connections = 4;
    x.context.frontend_connections = 3;
    x.context.backend_connections = 2;
    x.context.server_connections = 1;
    CHECK(render(x.context, kHttpLogFormat) ==
          "192.0.2.7:40000 [22/Nov/2026:15:12:09.448] fe be/s1 1/10/3/31/104 200 2750 - - ---- 4/3/2/1/0 0/0 "
          "\"GET /a/b.html?x=1&y=2 HTTP/1.1\"");
    std::array<std::string_view, 2> captures{"haproxy.1wt.eu", {}};
    x.context.captured_request_fields = captures;
    x.context.captured_response_fields = captures;
    x.context.tls = true;
    x.context.redispatched = true;
    x.context.retries = 3;
    CHECK(
        render(x.context, kHttpLogFormat) ==
        "192.0.2.7:40000 [22/Nov/2026:15:12:09.448] fe~ be/s1 1/10/3/31/104 200 2750 - - ---- 4/3/2/1/+3 0/0 "
        "{haproxy.1wt.eu|} {haproxy.1wt.eu|} \"GET /a/b.html?x=1&y=2 HTTP/1.1\"");
    CHECK(render(x.context, kClfLogFormat) ==
          "192.0.2.7 - - [22/Nov/2026:15:12:09 +0000] \"GET /a/b.html?x=1&y=2 HTTP/1.1\" 200 2750 \"\" \"\" "
          "40000 443 "
          "\"fe~\" \"be\" \"s1\" 1 10 3 31 104 ---- 4 3 2 1 +3 0 0 \"\" \"\" \"haproxy.1wt.eu\" \"\" "
          "\"haproxy.1wt.eu\" \"\"");
    CHECK(render(x.context, kConnectLogFormat) ==
          "Connect from 192.0.2.7:40000 to 192.168.4.90:80 (fe/HTTP)");
}

TEST_CASE("tcplog counts from the accept") {
    ::setenv("TZ", "UTC", 1);
    ::tzset();
    Exchange x;
    x.context.http_mode = false;
    x.context.request = nullptr;
    x.context.times.accept_wall_us = 1'795'360'329'443'000;
    x.context.times.accepted = 1'000'000;
    x.context.times.queue_done = 1'004'000;
    x.context.times.connected = 1'009'000;
    x.context.times.finished = 6'007'000;
    CHECK(render(x.context, kTcpLogFormat) ==
          "192.0.2.7:40000 [22/Nov/2026:15:12:09.443] fe be/s1 4/5/5007 0 -- 0/0/0/0/0 0/0");
}

TEST_CASE("timers not reached are -1, early ones have a plus") {
    Exchange x;
    x.context.times.accepted = 1'000'000;
    x.context.times.finished = 1'050'000;
    x.context.server_name = "<NOSRV>";
    x.context.request_line = "";
    CHECK(render(x.context, "%TR/%Tw/%Tc/%Tr/%Ta %Tq %Ti %Th %Td %s %{+Q}r %HM %HV") ==
          "-1/-1/-1/-1/50 -1 -1 0 -1 <NOSRV> \"<BADREQ>\" <BADREQ> <BADREQ>");
    x.context.log_early = true;
    CHECK(render(x.context, "%Ta %B %Tt") == "+50 +0 +50");
}

TEST_CASE("variables, flags and expressions") {
    Exchange x("/p?q=1", {{"Host", "h"}, {"X-Odd", "a\"]b"}});
    x.context.times.accept_wall_us = 1'795'360'329'043'000;
    const struct {
        const char* format;
        const char* expected;
    } rows[] = {
        {"%HM %HU %HP %HQ %HV %HPO", "GET /p?q=1 /p ?q=1 HTTP/1.1 /p"},
        {"%{+X}ci %{+X}cp", "C0000207 9C40"},
        {"%{+Q}b%{+Q}ft %f", "\"be\"\"fe\" fe"},
        {"%{+Q}o %b %{-Q}s %si", "\"be\" s1 \"\""},
        {"%ms %Ts %{+X}Ts", "043 1795360329 6B030649"},
        {"%si:%sp", "-:-"},
        {"a  b %%c", "a b %c"},
        {"a %hr %hs b", "a b"},
        {"%HQ %{-Q}HQ", "?q=1 ?q=1"},
        {"%[src] %[hdr(host)] %[hdr(none)]", "192.0.2.7 h -"},
        {"%{+Q}[hdr(none)] %{+Q,+E}[hdr(x-odd)]", "\"\" \"a\\\"\\]b\""},
        {"%[path,regsub(\"[/p]\",\"x\",g)]", "xx"},
        {"%[ssl_fc] %[int(3),add(4)]", "0 7"},
        {"%{+E}r", "GET /p?q=1 HTTP/1.1"},
        {"%Q", "error: no log variable is named '%Q'; a percent sign of its own is written '%%'"},
        {"%{+Z}b", "error: unknown flag 'Z' in '%{+Z}' (known are Q, E, X, bin, json and cbor)"},
        {"%[src", "error: '%[' has no ']'"},
        {"%[pth]", "error: in '%[pth]': unknown sample fetch 'pth'; did you mean 'path'?"},
        {"%", "error: no log variable is named '%'; a percent sign of its own is written '%%'"},
    };
    for (const auto& row : rows) {
        INFO(row.format);
        CHECK(render(x.context, row.format) == row.expected);
    }
}

TEST_CASE("an empty variable keeps its blanks, missing captures do not") {
    Exchange x("*");
    CHECK(render(x.context, "%HM %HQ %HPO %HU.") == "GET   *.");
    CHECK(render(x.context, "a %hr %hsl b") == "a b");
}

TEST_CASE("what clients send cannot start a log line or a header") {
    Exchange x("/", {{"Host", "h"}});
    x.context.request_line = "GET /\xc4\xe3\"#\x01 HTTP/1.1";
    CHECK(render(x.context, "%{+Q}r") == "\"GET /#C4#E3#22#23#01 HTTP/1.1\"");
    CHECK(render(x.context, "%[str(a%0d%0ab),url_dec]") == "a#0D#0Ab");
    CHECK(render(x.context, "%[str(a%0d%0ab),url_dec]", LogUse::header) == "a%0D%0Ab");
    CHECK(render(x.context, "%[hdr(none)]x  y", LogUse::header) == "x  y");
}

TEST_CASE("lines as JSON objects of the named items (HAProxy 3.0)") {
    Exchange x("/p?q=1", {{"Host", "h"}, {"X-Odd", "a\"\\\x01\xc3\xa4\xff"}});
    x.context.status = 200;
    x.context.bytes_to_client = 17;
    const struct {
        const char* format;
        const char* expected;
    } rows[] = {
        {"%{+json}o text %(a)ST %ci %(b)[req.hdr(host)]", R"({"a": 200, "b": "h"})"},
        {"%{+json}o", "{}"},
        {"%{+json}o%(ip)ci%(port)cp%(s)si%(uri)HU",
         R"({"ip": "192.0.2.7", "port": 40000, "s": null, "uri": "/p?q=1"})"},
        {"%{+json}o%(b)[bool(true)]%(n)[int(-3)]%(none)[req.hdr(none)]",
         R"({"b": true, "n": -3, "none": null})"},
        {"%{+json}o%(n:str)[int(3)]%(m:int)[str(12)]%(c:str)ST", R"({"n": "3", "m": 12, "c": "200"})"},
        {"%{+json}o%(x)[req.hdr(x-odd)]", "{\"x\": \"a\\\"\\\\ \xc3\xa4\\u00FF\"}"},
        {"%{+json}[req.hdr(host)] %{+json}(a)ST %{+json}[req.hdr(none)]", R"("h" 200 null)"},
        {"%{+json,+X}o%(ip)ci", R"({"ip": "C0000207"})"},
        {"%{+json}o%{-json}o%(a)ST", "200"},
        {"%(a:float)ST", "error: '%(a:float)': unknown type"},
        {"%(a", "error: '%(' has no ')'"},
    };
    for (const auto& row : rows) {
        INFO(row.format);
        CHECK(render(x.context, row.format) == row.expected);
    }
    x.context.log_early = true;
    CHECK(render(x.context, "%{+json}o%(b)B") == R"({"b": 17})");
}

TEST_CASE("lines as CBOR maps (RFC 8949), in hexadecimal digits or as they are") {
    Exchange x("/", {{"Host", "h"}});
    x.context.status = 200;
    const struct {
        const char* format;
        const char* expected;
    } rows[] = {
        {"%{+cbor}o", "BFFF"},
        {"%{+cbor}o %(a)ST %ci",
         "BF6161"
         "18C8"
         "FF"},
        {"%{+cbor}o%(a)[req.hdr(host)]",
         "BF6161"
         "6168"
         "FF"},
        {"%{+cbor}o%(a)[int(-1)]%(b)[int(23)]%(c)[int(24)]%(d)[int(256)]",
         "BF61612061621761631818"
         "6164190100FF"},
        {"%{+cbor}o%(a)[int(65536)]%(b)[int(4294967296)]", "BF61611A0001000061621B0000000100000000FF"},
        {"%{+cbor}o%(a)[bool(true)]%(b)[req.hdr(none)]%(c)[bin(01ff)]", "BF6161F56162F661634201FFFF"},
        {"%{+cbor}[int(10)]", "0A"},
        {"%{+cbor,+bin}o%(a)[req.hdr(host)]", "\xBF\x61\x61\x61\x68\xFF"},
    };
    for (const auto& row : rows) {
        INFO(row.format);
        CHECK(render(x.context, row.format) == row.expected);
    }
}
