// Responses, good and bad, in every split.
#include <catch2/catch.hpp>

#include <string>

#include "proxyd/http/h1_parser.h"
#include "test/support/splits.h"

using namespace proxyd::http;
using test_support::Arrivals;

namespace {

struct Row {
    const char* name;
    Method method;
    std::string bytes;
    int status;  // 0: refused
    Framing framing;
    std::uint64_t length;
    bool keep_alive;
    const char* reason;
};

const Row kRows[] = {
    {"length", Method::get, "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n", 200, Framing::length, 3, true,
     "OK"},
    {"no reason", Method::get, "HTTP/1.1 200\r\nContent-Length: 3\r\n\r\n", 200, Framing::length, 3, true,
     ""},
    {"empty reason", Method::get, "HTTP/1.1 200 \r\nContent-Length: 3\r\n\r\n", 200, Framing::length, 3, true,
     ""},
    {"reason with high bytes", Method::get, "HTTP/1.1 404 Nicht gef\xfcnden\r\nContent-Length: 0\r\n\r\n",
     404, Framing::length, 0, true, "Nicht gef\xfcnden"},
    {"chunked", Method::get, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", 200, Framing::chunked,
     0, true, "OK"},
    {"until close", Method::get, "HTTP/1.1 200 OK\r\n\r\n", 200, Framing::until_close, 0, false, "OK"},
    {"1.0 keep-alive", Method::get, "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 3\r\n\r\n",
     200, Framing::length, 3, true, "OK"},
    {"1.0", Method::get, "HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\n", 200, Framing::length, 3, false,
     "OK"},
    {"HEAD", Method::head, "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n", 200, Framing::none, 3, true, "OK"},
    {"HEAD without length", Method::head, "HTTP/1.1 200 OK\r\n\r\n", 200, Framing::none, 0, true, "OK"},
    {"304", Method::get, "HTTP/1.1 304 Not Modified\r\nContent-Length: 3\r\n\r\n", 304, Framing::none, 3,
     true, "Not Modified"},
    {"204 with a length", Method::get, "HTTP/1.1 204 No Content\r\nContent-Length: 3\r\n\r\n", 204,
     Framing::none, 0, true, "No Content"},
    {"100", Method::post, "HTTP/1.1 100 Continue\r\n\r\n", 100, Framing::none, 0, true, "Continue"},
    {"103 with a coding", Method::get, "HTTP/1.1 103 Early Hints\r\nTransfer-Encoding: chunked\r\n\r\n", 103,
     Framing::none, 0, true, "Early Hints"},
    {"101", Method::get, "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n", 101,
     Framing::none, 0, false, "Switching Protocols"},
    {"CONNECT", Method::connect, "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n", 200, Framing::none, 0, true,
     "OK"},
    {"CONNECT refused", Method::connect, "HTTP/1.1 403 No\r\nContent-Length: 3\r\n\r\n", 403, Framing::length,
     3, true, "No"},
    {"folded field", Method::get, "HTTP/1.1 200 OK\r\nX: a\r\n  b\r\nContent-Length: 1\r\n\r\n", 200,
     Framing::length, 1, true, "OK"},
    {"both lengths: never reused", Method::get,
     "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n", 200, Framing::chunked, 0,
     false, "OK"},
    {"hostile 20: 1.0 with a coding: never reused", Method::get,
     "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n", 200, Framing::chunked,
     0, false, "OK"},
    {"hostile 20: two lengths",
     Method::get,
     "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\n",
     0,
     {},
     0,
     false,
     ""},
    {"bad coding", Method::get, "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n", 0, {}, 0, false, ""},
    {"coding before chunked",
     Method::get,
     "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
     0,
     {},
     0,
     false,
     ""},
    {"not HTTP", Method::get, "SSH-2.0-OpenSSH\r\n\r\n", 0, {}, 0, false, ""},
    {"HTTP/2", Method::get, "HTTP/2.0 200 OK\r\n\r\n", 0, {}, 0, false, ""},
    {"two digits", Method::get, "HTTP/1.1 20 OK\r\n\r\n", 0, {}, 0, false, ""},
    {"four digits", Method::get, "HTTP/1.1 2000 OK\r\n\r\n", 0, {}, 0, false, ""},
    {"status below 100", Method::get, "HTTP/1.1 099 OK\r\n\r\n", 0, {}, 0, false, ""},
    {"two blanks", Method::get, "HTTP/1.1  200 OK\r\n\r\n", 0, {}, 0, false, ""},
    {"empty line first", Method::get, "\r\nHTTP/1.1 200 OK\r\n\r\n", 0, {}, 0, false, ""},
    {"bare LF", Method::get, "HTTP/1.1 200 OK\nContent-Length: 3\n\n", 0, {}, 0, false, ""},
    {"NUL", Method::get, std::string("HTTP/1.1 200 OK\r\nX: \0\r\n\r\n", 25), 0, {}, 0, false, ""},
    {"body without a head", Method::get, "<html>\r\n", 0, {}, 0, false, ""},
};

}  // namespace

TEST_CASE("responses are read or refused alike in every split") {
    for (const Row& row : kRows) {
        test_support::for_all_splits(row.bytes, [&](const Arrivals& arrivals) {
            H1Parser parser;
            common::Arena arena;
            Message message;
            message.arena = &arena;
            parser.start_response({}, row.method);
            ParseResult result;
            for (const std::size_t size : arrivals) {
                result = parser.parse(std::string_view(row.bytes).substr(0, size), message);
                if (result.status != ParseStatus::need_more) break;
            }
            INFO(row.name << ", first arrival " << arrivals.front() << ": " << result.error.text);
            if (row.status == 0) {
                REQUIRE(result.status == ParseStatus::error);
                CHECK(result.error.status == 502);
                return;
            }
            REQUIRE(result.status == ParseStatus::done);
            CHECK(result.consumed == row.bytes.size());
            CHECK(message.status == row.status);
            CHECK(message.framing == row.framing);
            CHECK(message.content_length == row.length);
            CHECK(message.keep_alive == row.keep_alive);
            CHECK(message.reason == row.reason);
        });
    }
}

TEST_CASE("folding is joined with blanks and is bounded") {
    common::Arena arena;
    Message message;
    message.arena = &arena;
    H1Parser parser;
    parser.start_response({}, Method::get);
    const std::string bytes = "HTTP/1.1 200 OK\r\nX: a\r\n\t b \r\n c\r\n\r\n";
    REQUIRE(parser.parse(bytes, message).status == ParseStatus::done);
    CHECK(message.fields.find("x")->value == "a b c");

    std::string many = "HTTP/1.1 200 OK\r\nX: a\r\n";
    for (int i = 0; i < 40; ++i) many += " b\r\n";
    parser.start_response({}, Method::get);
    CHECK(parser.parse(many + "\r\n", message).status == ParseStatus::error);
}

TEST_CASE("accept-invalid-http-response takes bare LF, written anew") {
    common::Arena arena;
    Message message;
    message.arena = &arena;
    H1Parser parser;
    ParseOptions options;
    options.accept_invalid = true;
    parser.start_response(options, Method::get);
    const std::string bytes = "HTTP/1.0 200 OK\nContent-Length: 3\n\nabc";
    const ParseResult result = parser.parse(bytes, message);
    REQUIRE(result.status == ParseStatus::done);
    CHECK(bytes.substr(result.consumed) == "abc");
    CHECK(message.raw_start_line.empty());
    CHECK(message.fields.find("content-length")->raw.empty());
}
