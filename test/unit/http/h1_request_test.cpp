// Requests, good and bad, in every split; each bad row says which status a client gets. Rows named "hostile"
// are known attacks on front doors (request smuggling above all); the number groups those of one kind.
#include <catch2/catch.hpp>

#include <string>

#include "proxyd/http/h1_parser.h"
#include "test/support/splits.h"

using namespace proxyd::http;
using test_support::Arrivals;

namespace {

struct Parsed {
    ParseResult result;
    Message message;
    common::Arena arena;
    std::size_t calls = 0;
};

void parse(std::string_view bytes, const Arrivals& arrivals, const ParseOptions& options, Parsed& out) {
    H1Parser parser;
    parser.start_request(options);
    out.message.arena = &out.arena;
    for (const std::size_t size : arrivals) {
        out.result = parser.parse(bytes.substr(0, size), out.message);
        ++out.calls;
        if (out.result.status != ParseStatus::need_more) return;
    }
}

std::string summary(const Message& m) {
    std::string text = std::string(m.method_text) + "|" + std::string(m.target) + "|";
    text += m.version == Version::http_1_0 ? "1.0" : "1.1";
    for (const Field& field : m.fields.all())
        text += "|" + std::string(field.name) + "=" + std::string(field.value);
    constexpr const char* kFramings[] = {"none", "length", "chunked", "close"};
    text += std::string("|") + kFramings[static_cast<int>(m.framing)];
    if (m.framing == Framing::length) text += std::to_string(m.content_length);
    if (m.keep_alive) text += "|keep";
    if (m.upgrade) text += "|upgrade";
    if (m.expect_continue) text += "|expect";
    return text;
}

struct GoodRow {
    const char* name;
    std::string bytes;
    const char* summary;
};

struct BadRow {
    const char* name;
    std::string bytes;
    int status;
};

const std::string kHost = "Host: a\r\n";

std::string get(const std::string& fields) {
    return "GET / HTTP/1.1\r\n" + kHost + fields + "\r\n";
}
std::string post(const std::string& fields) {
    return "POST / HTTP/1.1\r\n" + kHost + fields + "\r\n";
}
std::string line(const std::string& start) {
    return start + "\r\n" + kHost + "\r\n";
}

const GoodRow kGood[] = {
    {"plain", get(""), "GET|/|1.1|Host=a|none|keep"},
    {"leading empty lines", "\r\n\r\n" + get(""), "GET|/|1.1|Host=a|none|keep"},
    {"1.0 without Host", "GET / HTTP/1.0\r\n\r\n", "GET|/|1.0|none"},
    {"1.0 keep-alive", "GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n",
     "GET|/|1.0|Connection=Keep-Alive|none|keep"},
    {"close", get("Connection: close\r\n"), "GET|/|1.1|Host=a|Connection=close|none"},
    {"close wins", get("Connection: keep-alive, close\r\n"),
     "GET|/|1.1|Host=a|Connection=keep-alive, close|none"},
    {"later minor version", line("GET / HTTP/1.5"), "GET|/|1.1|Host=a|none|keep"},
    {"blanks around the value", get("X: \t a b \t\r\n"), "GET|/|1.1|Host=a|X=a b|none|keep"},
    {"no blank, empty values", get("X:y\r\nE:\r\nF: \r\n"), "GET|/|1.1|Host=a|X=y|E=|F=|none|keep"},
    {"tab and high bytes in a value", get("X: a\tb\xe9\r\n"), "GET|/|1.1|Host=a|X=a\tb\xe9|none|keep"},
    {"all name characters", get("!#$%&'*+-.^_`|~aZ9: v\r\n"),
     "GET|/|1.1|Host=a|!#$%&'*+-.^_`|~aZ9=v|none|keep"},
    {"own method", line("M-SEARCH /x HTTP/1.1"), "M-SEARCH|/x|1.1|Host=a|none|keep"},
    {"length", post("Content-Length: 12\r\n"), "POST|/|1.1|Host=a|Content-Length=12|length12|keep"},
    {"length on GET", get("Content-Length: 3\r\n"), "GET|/|1.1|Host=a|Content-Length=3|length3|keep"},
    {"equal lengths become one", post("Content-Length: 5\r\nContent-Length: 5\r\n"),
     "POST|/|1.1|Host=a|content-length=5|length5|keep"},
    {"list of equal lengths", post("Content-Length: 5, 5\r\n"),
     "POST|/|1.1|Host=a|content-length=5|length5|keep"},
    {"leading zeros", post("Content-Length: 0005\r\n"), "POST|/|1.1|Host=a|content-length=5|length5|keep"},
    {"chunked", post("Transfer-Encoding: Chunked\r\n"),
     "POST|/|1.1|Host=a|Transfer-Encoding=Chunked|chunked|keep"},
    {"hostile 1: both lengths, the coding wins, then close",
     post("Content-Length: 4\r\nTransfer-Encoding: chunked\r\n"),
     "POST|/|1.1|Host=a|Transfer-Encoding=chunked|chunked"},
    {"hostile 2: coding in 1.0 closes",
     "POST / HTTP/1.0\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n",
     "POST|/|1.0|Connection=keep-alive|Transfer-Encoding=chunked|chunked"},
    {"expect", post("Content-Length: 1\r\nExpect: 100-continue\r\n"),
     "POST|/|1.1|Host=a|Content-Length=1|Expect=100-continue|length1|keep|expect"},
    {"expect without a body", get("Expect: 100-continue\r\n"),
     "GET|/|1.1|Host=a|Expect=100-continue|none|keep"},
    {"equal Hosts become one", get("host: A\r\n"), "GET|/|1.1|Host=a|none|keep"},
    {"lone port is kept", "GET / HTTP/1.1\r\nHost: a:80\r\n\r\n", "GET|/|1.1|Host=a:80|none|keep"},
    {"v6 Host", "GET / HTTP/1.1\r\nHost: [::1]:8080\r\n\r\n", "GET|/|1.1|Host=[::1]:8080|none|keep"},
    {"empty Host", "GET / HTTP/1.1\r\nHost:\r\n\r\n", "GET|/|1.1|Host=|none|keep"},
    {"absolute", line("GET http://a/x?y HTTP/1.1"), "GET|http://a/x?y|1.1|Host=a|none|keep"},
    {"absolute gives Host", "GET http://b/ HTTP/1.0\r\n\r\n", "GET|http://b/|1.0|host=b|none"},
    {"default port goes from both", "GET http://a:80/x HTTP/1.1\r\nHost: a:80\r\n\r\n",
     "GET|http://a/x|1.1|host=a|none|keep"},
    {"default port of https", "GET https://a:443 HTTP/1.1\r\nHost: A\r\n\r\n",
     "GET|https://a|1.1|Host=A|none|keep"},
    {"OPTIONS *", line("OPTIONS * HTTP/1.1"), "OPTIONS|*|1.1|Host=a|none|keep"},
    {"CONNECT", "CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n", "CONNECT|a:443|1.1|Host=a|none|keep"},
    {"upgrade", get("Connection: Upgrade\r\nUpgrade: foo\r\n"),
     "GET|/|1.1|Host=a|Connection=Upgrade|Upgrade=foo|none|keep|upgrade"},
    {"websocket", get("Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: k\r\n"),
     "GET|/|1.1|Host=a|Connection=Upgrade|Upgrade=websocket|Sec-WebSocket-Key=k|none|keep|upgrade"},
    {"upgrade not named is none", get("Upgrade: foo\r\n"), "GET|/|1.1|Host=a|Upgrade=foo|none|keep"},
    {"h2c is refused silently",
     get("Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: x\r\n"),
     "GET|/|1.1|Host=a|Connection=Upgrade, HTTP2-Settings|Upgrade=h2c|none|keep"},
    {"named fields go", get("Connection: X-A, close\r\nX-A: 1\r\nX-B: 2\r\n"),
     "GET|/|1.1|Host=a|Connection=X-A, close|X-B=2|none"},
    {"hostile 15: framing and Host stay",
     post("Connection: Host, Content-Length, Transfer-Encoding, X-Forwarded-For\r\nContent-Length: "
          "2\r\nX-Forwarded-For: i\r\n"),
     "POST|/|1.1|Host=a|Connection=Host, Content-Length, Transfer-Encoding, X-Forwarded-For|Content-Length=2|"
     "X-Forwarded-For=i|length2|keep"},
    {"TE keeps trailers only", get("TE: gzip, Trailers\r\nConnection: TE\r\n"),
     "GET|/|1.1|Host=a|Connection=TE|te=trailers|none|keep"},
    {"TE without trailers goes", get("TE: gzip\r\n"), "GET|/|1.1|Host=a|none|keep"},
};

const BadRow kBad[] = {
    {"hostile 3: chunked, identity", post("Transfer-Encoding: chunked, identity\r\n"), 400},
    {"hostile 3: chunked twice", post("Transfer-Encoding: chunked, chunked\r\n"), 400},
    {"hostile 3: chunked twice in two fields",
     post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"), 400},
    {"hostile 3: not chunked", post("Transfer-Encoding: gzip\r\n"), 400},
    {"hostile 3: empty", post("Transfer-Encoding:\r\n"), 400},
    {"hostile 3: empty second", post("Transfer-Encoding: chunked\r\nTransfer-Encoding:\r\n"), 400},
    {"hostile 3: list ends with a comma", post("Transfer-Encoding: chunked,\r\n"), 400},
    {"hostile 3: identity before", post("Transfer-Encoding: identity, chunked\r\n"), 422},
    {"hostile 3: gzip before", post("Transfer-Encoding: gzip, chunked\r\n"), 422},
    {"hostile 3: parameter", post("Transfer-Encoding: chunked;q=1\r\n"), 400},
    {"hostile 3: quoted", post("Transfer-Encoding: \"chunked\"\r\n"), 400},
    {"hostile 4: sign", post("Content-Length: +2\r\n"), 400},
    {"hostile 4: minus", post("Content-Length: -2\r\n"), 400},
    {"hostile 4: hex", post("Content-Length: 0x2\r\n"), 400},
    {"hostile 4: empty", post("Content-Length:\r\n"), 400},
    {"hostile 4: 2^64+2", post("Content-Length: 18446744073709551618\r\n"), 400},
    {"hostile 4: 2^63", post("Content-Length: 9223372036854775808\r\n"), 400},
    {"hostile 4: two that differ", post("Content-Length: 2\r\nContent-Length: 3\r\n"), 400},
    {"hostile 4: list that differs", post("Content-Length: 2, 3\r\n"), 400},
    {"hostile 4: list ends with a comma", post("Content-Length: 2,\r\n"), 400},
    {"hostile 4: list with a hole", post("Content-Length: 2,,2\r\n"), 400},
    {"hostile 4: blank inside", post("Content-Length: 2 2\r\n"), 400},
    {"hostile 9: NUL in a value", get(std::string("X: a\0b\r\n", 8)), 400},
    {"hostile 9: CR in a value", get("X: a\rb\r\n"), 400},
    {"hostile 9: LF in a value", get("X: a\nb: c\r\n"), 400},
    {"hostile 9: LF ends the start line", "GET / HTTP/1.1\nHost: a\r\n\r\n", 400},
    {"hostile 9: LF ends the head", "GET / HTTP/1.1\r\nHost: a\r\n\n", 400},
    {"hostile 9: CR CR LF", "GET / HTTP/1.1\r\nHost: a\r\r\n\r\n", 400},
    {"hostile 10: 0x01 in a value", get("X: a\x01\r\n"), 400},
    {"hostile 10: 0x0b before chunked",
     post("Transfer-Encoding: \x0b"
          "chunked\r\n"),
     400},
    {"hostile 10: DEL in a value", get("X: a\x7f\r\n"), 400},
    {"hostile 11: folding", get("X: a\r\n b\r\n"), 400},
    {"hostile 11: folding with a tab", get("X: a\r\n\tb\r\n"), 400},
    {"hostile 11: first field folded", "GET / HTTP/1.1\r\n Host: a\r\n\r\n", 400},
    {"hostile 12: no Host", "GET / HTTP/1.1\r\n\r\n", 400},
    {"hostile 12: two Hosts", get("Host: b\r\n"), 400},
    {"hostile 12: Host with a path", "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", 400},
    {"hostile 12: Host with a user", "GET / HTTP/1.1\r\nHost: u@a\r\n\r\n", 400},
    {"hostile 12: Host with a blank", "GET / HTTP/1.1\r\nHost: a b\r\n\r\n", 400},
    {"hostile 12: Host with a bad port", "GET / HTTP/1.1\r\nHost: a:99999\r\n\r\n", 400},
    {"hostile 12: Host with two ports", "GET / HTTP/1.1\r\nHost: a:1:2\r\n\r\n", 400},
    {"hostile 13: URI differs from Host", line("GET http://b/ HTTP/1.1"), 400},
    {"hostile 13: port differs", line("GET http://a:81/ HTTP/1.1"), 400},
    {"hostile 14: 9.9", line("GET / HTTP/9.9"), 505},
    {"hostile 14: 2.0", line("GET / HTTP/2.0"), 505},
    {"hostile 14: 0.9", line("GET / HTTP/0.9"), 505},
    {"hostile 14: no minor", line("GET / HTTP/1."), 400},
    {"hostile 14: long minor", line("GET / HTTP/1.10"), 400},
    {"hostile 14: lower case", line("GET / http/1.1"), 400},
    {"hostile 14: none", line("GET /"), 400},
    {"hostile 16: empty lines", std::string(40, '\r'), 400},
    {"hostile 16: many empty lines", "\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n" + get(""), 400},
    {"hostile 17: blank before the colon", get("X : a\r\n"), 400},
    {"hostile 17: empty name", get(": a\r\n"), 400},
    {"hostile 17: tab in a name", get("X\ty: a\r\n"), 400},
    {"hostile 17: no colon", get("Xy\r\n"), 400},
    {"hostile 17: high byte in a name", get("X\xe9: a\r\n"), 400},
    {"hostile 17: bracket in a name", get("X[: a\r\n"), 400},
    {"hostile 18: two blanks", line("GET  / HTTP/1.1"), 400},
    {"hostile 18: tab", line("GET\t/ HTTP/1.1"), 400},
    {"hostile 18: two blanks before the version", line("GET /  HTTP/1.1"), 400},
    {"hostile 18: blank after the version", line("GET / HTTP/1.1 "), 400},
    {"hostile 18: leading blank", line(" GET / HTTP/1.1"), 400},
    {"hostile 18: fragment", line("GET /#x HTTP/1.1"), 400},
    {"hostile 18: blank in the target", line("GET /a b HTTP/1.1"), 400},
    {"high byte in the target", line("GET /\xb0\xa1 HTTP/1.1"), 400},
    {"angle bracket in the target", line("GET /<x> HTTP/1.1"), 400},
    {"GET *", line("GET * HTTP/1.1"), 400},
    {"neither path nor URI", line("GET x HTTP/1.1"), 400},
    {"no scheme", line("GET ://a/ HTTP/1.1"), 400},
    {"no authority", line("GET http:///x HTTP/1.1"), 400},
    {"port without a host", "GET http://:80/ HTTP/1.0\r\n\r\n", 400},
    {"user in the authority", line("GET http://u@a/ HTTP/1.1"), 400},
    {"CONNECT without a port", "CONNECT a HTTP/1.1\r\nHost: a\r\n\r\n", 400},
    {"CONNECT to a path", "CONNECT /x HTTP/1.1\r\nHost: a\r\n\r\n", 400},
    {"CONNECT, Host differs", "CONNECT a:1 HTTP/1.1\r\nHost: b:1\r\n\r\n", 400},
    {"CONNECT with a body", "CONNECT a:1 HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\n", 400},
    {"HTTP/2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 405},
    {"TLS on a plain port", std::string("\x16\x03\x01\x02\x00\x01", 6), 400},
    {"websocket without a key", get("Connection: Upgrade\r\nUpgrade: websocket\r\n"), 400},
    {"a Connection field of many options",
     get("Connection: " +
         [] {
             std::string s;
             for (int i = 0; i < 40; ++i) s += "a,";
             return s;
         }() +
         "\r\n"),
     400},
};

}  // namespace

TEST_CASE("good requests parse alike in every split") {
    for (const GoodRow& row : kGood) {
        test_support::for_all_splits(row.bytes, [&](const Arrivals& arrivals) {
            Parsed parsed;
            parse(row.bytes, arrivals, {}, parsed);
            INFO(row.name << ", first arrival " << arrivals.front() << ": " << parsed.result.error.text);
            REQUIRE(parsed.result.status == ParseStatus::done);
            CHECK(parsed.calls == arrivals.size());
            CHECK(parsed.result.consumed == row.bytes.size());
            REQUIRE(summary(parsed.message) == row.summary);
        });
    }
}

TEST_CASE("bad requests are refused alike in every split") {
    for (const BadRow& row : kBad) {
        test_support::for_all_splits(row.bytes, [&](const Arrivals& arrivals) {
            Parsed parsed;
            parse(row.bytes, arrivals, {}, parsed);
            INFO(row.name << ", first arrival " << arrivals.front());
            REQUIRE(parsed.result.status == ParseStatus::error);
            CHECK(parsed.result.error.status == row.status);
            CHECK(parsed.result.error.position <= row.bytes.size());
            CHECK(std::string(parsed.result.error.text) != "");
        });
    }
}

TEST_CASE("what follows the head stays untouched") {
    const std::string bytes = get("") + "GET /2 HTTP/1.1\r\n\x01";
    Parsed parsed;
    parse(bytes, {bytes.size()}, {}, parsed);
    REQUIRE(parsed.result.status == ParseStatus::done);
    CHECK(parsed.result.consumed == get("").size());
}

TEST_CASE("limits: size and number of fields (hostile 16)") {
    ParseOptions options;
    options.max_head = 200;
    options.max_headers = 4;
    const auto status = [&](const std::string& bytes, const Arrivals& arrivals) {
        Parsed parsed;
        parse(bytes, arrivals, options, parsed);
        return parsed.result.status == ParseStatus::error ? parsed.result.error.status : 0;
    };
    const std::string long_target = "GET /" + std::string(300, 'a');
    const std::string long_field = get("X: " + std::string(300, 'a') + "\r\n");
    const std::string endless = "GET / HTTP/1.1\r\n" + kHost + "X: " + std::string(300, 'a');
    const std::string exact = get("X: " + std::string(200 - get("X: \r\n").size(), 'a') + "\r\n");
    const std::string many = get("A: 1\r\nB: 2\r\nC: 3\r\nD: 4\r\n");
    REQUIRE(exact.size() == 200);
    for (const Arrivals& arrivals : test_support::all_splits(long_target.size()))
        REQUIRE(status(long_target, arrivals) == 414);
    for (const Arrivals& arrivals : test_support::all_splits(long_field.size()))
        REQUIRE(status(long_field, arrivals) == 431);
    for (const Arrivals& arrivals : test_support::all_splits(endless.size()))
        REQUIRE(status(endless, arrivals) == 431);
    for (const Arrivals& arrivals : test_support::all_splits(many.size()))
        REQUIRE(status(many, arrivals) == 431);
    CHECK(status(exact, {exact.size()}) == 0);
    CHECK(status(get("A: 1\r\nB: 2\r\nC: 3\r\n"), {get("A: 1\r\nB: 2\r\nC: 3\r\n").size()}) == 0);
}

TEST_CASE("accept-invalid lets odd bytes through, never line ends or NUL") {
    ParseOptions options;
    options.accept_invalid = true;
    const auto run = [&](const std::string& bytes, Parsed& parsed) {
        parse(bytes, {bytes.size()}, options, parsed);
    };
    {
        Parsed parsed;
        const std::string bytes = line("GET /\xb9\xfa\xbc\xca?q={a}|b#f HTTP/1.1");  // GB2312 in a path
        run(bytes, parsed);
        REQUIRE(parsed.result.status == ParseStatus::done);
        CHECK(parsed.message.target == "/\xb9\xfa\xbc\xca?q={a}|b#f");
        CHECK(parsed.message.malformed_accepted);
        CHECK_FALSE(parsed.message.raw_start_line.empty());
    }
    {
        Parsed parsed;
        const std::string bytes = get("X[1]: a\r\n");
        run(bytes, parsed);
        REQUIRE(parsed.result.status == ParseStatus::done);
        CHECK(parsed.message.fields.find("x[1]")->raw.empty());
    }
    for (const std::string& bytes : {line("GET /a b HTTP/1.1"), line("GET /\x01 HTTP/1.1"), get("X y: a\r\n"),
                                     get("X : a\r\n"), get("X: a\nb\r\n"), get(std::string("X: \0\r\n", 6)),
                                     get("X: a\rb\r\n"), get("X: a\r\n b\r\n"), line("GET / HTTP/1.1\n")}) {
        Parsed parsed;
        run(bytes, parsed);
        INFO(bytes);
        CHECK(parsed.result.status == ParseStatus::error);
    }
}

TEST_CASE("only clean lines may go out verbatim") {
    const std::string bytes = get("A: 1\r\nB:2\r\nC:  3\r\nD: 4 \r\nE:\r\nF: \t6\r\n");
    Parsed parsed;
    parse(bytes, {bytes.size()}, {}, parsed);
    REQUIRE(parsed.result.status == ParseStatus::done);
    const Fields& fields = parsed.message.fields;
    CHECK(parsed.message.raw_start_line == "GET / HTTP/1.1\r\n");
    CHECK(fields.find("A")->raw == "A: 1\r\n");
    for (const char* odd : {"B", "C", "D", "E", "F"}) CHECK(fields.find(odd)->raw.empty());
}

TEST_CASE("a moved buffer is read anew") {
    const std::string bytes = get("X: 1\r\n");
    Parsed parsed;
    parsed.message.arena = &parsed.arena;
    H1Parser parser;
    parser.start_request({});
    for (std::size_t size = 1; size <= bytes.size(); ++size) {
        const std::string moved = bytes.substr(0, size);
        parsed.result = parser.parse(moved, parsed.message);
        if (size < bytes.size()) REQUIRE(parsed.result.status == ParseStatus::need_more);
    }
    CHECK(parsed.result.status == ParseStatus::done);
    CHECK(parsed.message.fields.all().size() == 2);
}

TEST_CASE("a request has begun with its first byte, not with empty lines") {
    Message message;
    common::Arena arena;
    message.arena = &arena;
    const std::string bytes = "\r\n\r\nG";
    H1Parser parser;
    parser.start_request({});
    for (std::size_t size = 0; size < bytes.size(); ++size) {
        parser.parse(std::string_view(bytes).substr(0, size), message);
        CHECK_FALSE(parser.begun());
    }
    parser.parse(bytes, message);
    CHECK(parser.begun());
}

TEST_CASE("HTTP/1.0: bodies where old servers do not look for them are refused") {
    const auto status = [](const std::string& bytes, bool accepted) {
        ParseOptions options;
        options.payload_with_any_method = accepted;
        Parsed parsed;
        parse(bytes, {bytes.size()}, options, parsed);
        return parsed.result.status == ParseStatus::error ? parsed.result.error.status : 0;
    };
    for (const char* method : {"GET", "HEAD", "DELETE"}) {
        const std::string start = std::string(method) + " / HTTP/1.0\r\n";
        CHECK(status(start + "Content-Length: 2\r\n\r\n", false) == 413);
        CHECK(status(start + "Transfer-Encoding: chunked\r\n\r\n", false) == 413);
        CHECK(status(start + "Content-Length: 0\r\n\r\n", false) == 0);
        CHECK(status(start + "Content-Length: 2\r\n\r\n", true) == 0);
    }
    CHECK(status("POST / HTTP/1.0\r\nContent-Length: 2\r\n\r\n", false) == 0);
    CHECK(status("GET / HTTP/1.1\r\n" + kHost + "Content-Length: 2\r\n\r\n", false) == 0);
}

TEST_CASE("Transfer-Encoding beside Content-Length ends the connection, unless it is trusted") {
    const std::string bytes =
        "POST / HTTP/1.1\r\n" + kHost + "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n";
    for (const bool trusted : {false, true}) {
        ParseOptions options;
        options.trust_odd_coding = trusted;
        Parsed parsed;
        parse(bytes, {bytes.size()}, options, parsed);
        REQUIRE(parsed.result.status == ParseStatus::done);
        CHECK(parsed.message.keep_alive == trusted);
        CHECK(parsed.message.framing == Framing::chunked);
        CHECK(parsed.message.fields.find(FieldId::content_length) == nullptr);
    }
}
