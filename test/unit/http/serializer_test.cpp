#include "proxyd/http/h1_serializer.h"

#include <catch2/catch.hpp>

#include <string>

#include "proxyd/http/h1_parser.h"

using namespace proxyd::http;

namespace {

std::string text_of(const Slices& slices) {
    std::string text;
    for (const iovec& piece : slices.pieces())
        text.append(static_cast<const char*>(piece.iov_base), piece.iov_len);
    return text;
}

struct Fixture {
    std::string bytes;
    common::Arena arena;
    Message message;
    Slices slices;

    void request(std::string text) {
        bytes = std::move(text);
        message.arena = &arena;
        H1Parser parser;
        parser.start_request({});
        REQUIRE(parser.parse(bytes, message).status == ParseStatus::done);
    }
    void response(std::string text, Method method = Method::get) {
        bytes = std::move(text);
        message.arena = &arena;
        H1Parser parser;
        parser.start_response({}, method);
        REQUIRE(parser.parse(bytes, message).status == ParseStatus::done);
    }
    std::string send(bool keep_alive, Version peer = Version::http_1_1) {
        slices.clear();
        serialize_head(message, {keep_alive, outgoing_framing(message, peer), peer}, arena, slices);
        return text_of(slices);
    }
};

}  // namespace

TEST_CASE("an untouched request leaves as one slice") {
    Fixture f;
    f.request("GET /x HTTP/1.1\r\nHost: a\r\nAccept: */*\r\nContent-Length: 3\r\n\r\n");
    CHECK(f.send(true) == f.bytes);
    CHECK(f.slices.pieces().size() == 1);  // with the empty line as received
}

TEST_CASE("additions follow, hop-by-hop fields go") {
    Fixture f;
    f.request(
        "GET /x HTTP/1.1\r\nHost: a\r\nConnection: keep-alive\r\nKeep-Alive: 5\r\nProxy-Connection: x\r\n"
        "Upgrade: foo\r\nA:1\r\nTrailer: X\r\nB: 2\r\n\r\n");
    f.message.fields.add(f.arena, "X-Forwarded-For", "192.0.2.1");
    CHECK(f.send(true) == "GET /x HTTP/1.1\r\nHost: a\r\nA: 1\r\nB: 2\r\nX-Forwarded-For: 192.0.2.1\r\n\r\n");
    CHECK(f.send(false) ==
          "GET /x HTTP/1.1\r\nHost: a\r\nA: 1\r\nB: 2\r\nX-Forwarded-For: 192.0.2.1\r\nconnection: "
          "close\r\n\r\n");
}

TEST_CASE("a new target is written anew") {
    Fixture f;
    f.request("GET /x HTTP/1.0\r\n\r\n");
    f.message.set_target("/y\r\nEvil: 1 z");
    CHECK(f.send(false) == "GET /y%0D%0AEvil:%201%20z HTTP/1.0\r\n\r\n");
    CHECK(f.send(true) == "GET /y%0D%0AEvil:%201%20z HTTP/1.0\r\nconnection: keep-alive\r\n\r\n");
}

TEST_CASE("framing goes out as decided, whatever rules did to the fields") {
    Fixture f;
    f.request("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n");
    f.message.fields.set(f.arena, "Content-Length", "9");
    f.message.fields.add(f.arena, "Transfer-Encoding", "chunked");
    CHECK(f.send(true) == "POST / HTTP/1.1\r\nHost: a\r\ncontent-length: 3\r\n\r\n");
    f.message.fields.remove(FieldId::content_length);
    CHECK(f.send(true) == "POST / HTTP/1.1\r\nHost: a\r\ncontent-length: 3\r\n\r\n");

    Fixture g;
    g.request("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    g.message.fields.add(g.arena, "Content-Length", "10");
    CHECK(g.send(true) == g.bytes);
}

TEST_CASE("a chunked 1.0 request goes on as 1.1") {
    Fixture f;
    f.request("POST / HTTP/1.0\r\nTransfer-Encoding:chunked\r\nContent-Length: 3\r\n\r\n");
    CHECK(f.send(true) == "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nhost:\r\n\r\n");
}

TEST_CASE("field values added by rules cannot end their line") {
    Fixture f;
    f.request("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    f.message.fields.add(f.arena, "X", "a\r\nEvil: 1");
    f.message.fields.replace_value(f.arena, 0, std::string_view("b\0c", 3));
    CHECK(f.send(true) == "GET / HTTP/1.1\r\nHost: b c\r\nX: a  Evil: 1\r\n\r\n");
}

TEST_CASE("upgrade is the only hop-by-hop field that passes") {
    Fixture f;
    f.request("GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, X\r\nX: 1\r\nUpgrade: foo\r\n\r\n");
    CHECK(f.send(true) == "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: foo\r\nconnection: upgrade\r\n\r\n");
    Fixture g;
    g.response("HTTP/1.1 101 Switching Protocols\r\nUpgrade: foo\r\nConnection: Upgrade\r\n\r\n");
    CHECK(g.send(false) == "HTTP/1.1 101 Switching Protocols\r\nUpgrade: foo\r\nconnection: upgrade\r\n\r\n");
}

TEST_CASE("responses say keep-alive or close as the versions need") {
    struct Row {
        const char* head;
        bool keep;
        Version peer;
        const char* sent;
    };
    const Row rows[] = {
        {"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", true, Version::http_1_1,
         "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"},
        {"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", false, Version::http_1_1,
         "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nconnection: close\r\n\r\n"},
        {"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", true, Version::http_1_0,
         "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nconnection: keep-alive\r\n\r\n"},
        {"HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n", true, Version::http_1_1,
         "HTTP/1.0 200 OK\r\nContent-Length: 0\r\nconnection: keep-alive\r\n\r\n"},
        {"HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n", false, Version::http_1_1,
         "HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n"},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", false, Version::http_1_0,
         "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n"},
        {"HTTP/1.1 200\r\nTransfer-Encoding: chunked\r\n\r\n", true, Version::http_1_1,
         "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"},
        {"HTTP/1.1 100 Continue\r\n\r\n", false, Version::http_1_1, "HTTP/1.1 100 Continue\r\n\r\n"},
    };
    for (const Row& row : rows) {
        Fixture f;
        f.response(row.head);
        CHECK(f.send(row.keep, row.peer) == row.sent);
    }
}

TEST_CASE("the answer to HEAD keeps its length") {
    Fixture f;
    f.response("HTTP/1.1 200 OK\r\nContent-Length: 1234\r\n\r\n", Method::head);
    CHECK(f.send(true) == f.bytes);
}

TEST_CASE("many scattered changes still fit the list of slices") {
    std::string head = "GET / HTTP/1.1\r\nHost: a\r\n";
    std::string expected = head;
    for (int i = 0; i < 99; ++i) {
        head += "X" + std::to_string(i) + ":y\r\nY" + std::to_string(i) + ": long enough to stay\r\n";
        expected += "X" + std::to_string(i) + ": y\r\nY" + std::to_string(i) + ": long enough to stay\r\n";
    }
    Fixture f;
    f.bytes = head + "\r\n";
    f.message.arena = &f.arena;
    H1Parser parser;
    ParseOptions options;
    options.max_headers = 300;
    parser.start_request(options);
    REQUIRE(parser.parse(f.bytes, f.message).status == ParseStatus::done);
    CHECK(f.send(true) == expected + "\r\n");
    CHECK(f.slices.pieces().size() <= Slices::kCapacity);

    // Almost no room from the start.
    Slices crowded;
    const std::string filler(2 * Slices::kCapacity + 1, 'x');
    while (crowded.room() > 2) crowded.add(std::string_view(filler).substr(2 * crowded.room(), 1));
    const std::size_t before = crowded.bytes();
    serialize_head(f.message, {true, Framing::none, Version::http_1_1}, f.arena, crowded);
    CHECK(text_of(crowded).substr(before) == expected + "\r\n");
}

TEST_CASE("written bytes are dropped from the front") {
    Slices slices;
    const std::string a = "abc", b = "defg";
    slices.add(a);
    slices.add(b);
    slices.drop(2);
    CHECK(text_of(slices) == "cdefg");
    slices.drop(3);
    CHECK(text_of(slices) == "fg");
    CHECK(slices.bytes() == 2);
    slices.drop(2);
    CHECK(slices.empty());
    CHECK(slices.room() == Slices::kCapacity);
}
