// The spelling of names for peers that look at their case.
#include "proxyd/http/case_map.h"

#include <catch2/catch.hpp>

#include <string>

#include "proxyd/http/h1_parser.h"
#include "proxyd/http/h1_serializer.h"

using namespace proxyd::http;

TEST_CASE("names are found whatever their case") {
    CaseMap map;
    REQUIRE(map.add("x-b", "X-B"));
    REQUIRE(map.add("content-length", "Content-LENGTH"));
    REQUIRE(map.add("x-a", "x-A"));
    CHECK(map.spelled("X-b") == "X-B");
    CHECK(map.spelled("content-Length") == "Content-LENGTH");
    CHECK(map.spelled("X-A") == "x-A");
    CHECK(map.spelled("x-ab") == "x-ab");
    CHECK(map.spelled("x") == "x");
    CHECK(map.spelled("") == "");
}

TEST_CASE("what is no spelling of a name is refused") {
    CaseMap map;
    REQUIRE(map.add("host", "Host"));
    CHECK_FALSE(map.add("host", "HOST"));  // twice
    CHECK_FALSE(map.add("Date", "DATE"));
    CHECK_FALSE(map.add("date", "Dates"));
    CHECK_FALSE(map.add("da te", "DA te"));
    CHECK_FALSE(map.add("", ""));
    CHECK(map.spelled("date") == "date");
}

TEST_CASE("fields and our own lines leave as spelled") {
    CaseMap map;
    for (const auto& [from, to] : {std::pair{"x-name", "X-NAME"},
                                   {"connection", "Connection"},
                                   {"transfer-encoding", "Transfer-Encoding"},
                                   {"content-length", "Content-Length"}})
        REQUIRE(map.add(from, to));
    const std::string bytes =
        "POST / HTTP/1.1\r\nHost: a\r\nx-name: 1\r\nx-other: 2\r\ncontent-length: 3\r\n\r\n";
    common::Arena arena;
    Message message;
    message.arena = &arena;
    H1Parser parser;
    parser.start_request({});
    REQUIRE(parser.parse(bytes, message).status == ParseStatus::done);
    const auto sent = [&](Framing framing) {
        Slices slices;
        SerializeOptions options;
        options.keep_alive = false;
        options.framing = framing;
        options.spelling = &map;
        serialize_head(message, options, arena, slices);
        std::string text;
        for (const iovec& piece : slices.pieces())
            text.append(static_cast<const char*>(piece.iov_base), piece.iov_len);
        return text;
    };
    const std::string start = "POST / HTTP/1.1\r\nHost: a\r\nX-NAME: 1\r\nx-other: 2\r\n";
    CHECK(sent(Framing::length) == start + "Content-Length: 3\r\nConnection: close\r\n\r\n");
    CHECK(sent(Framing::chunked) == start + "Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n");
}
