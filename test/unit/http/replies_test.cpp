#include "proxyd/http/replies.h"

#include <catch2/catch.hpp>

#include <string>

#include "proxyd/http/h1_serializer.h"

using namespace proxyd::http;

namespace {

std::string sent(const Message& reply, std::string_view body, common::Arena& arena) {
    Slices slices;
    serialize_head(reply, {reply.keep_alive, reply.framing, Version::http_1_1}, arena, slices);
    std::string text;
    for (const iovec& piece : slices.pieces())
        text.append(static_cast<const char*>(piece.iov_base), piece.iov_len);
    return text + std::string(body);
}

}  // namespace

// Measured on HAProxy 2.6.12; 414, 431 and 505 are pages that it does not have.
TEST_CASE("error pages have HAProxy's sizes") {
    struct Row {
        int status;
        std::size_t size;
    };
    for (const Row row :
         {Row{200, 58}, Row{400, 90}, Row{401, 112}, Row{403, 93}, Row{404, 83}, Row{405, 146}, Row{407, 112},
          Row{408, 110}, Row{410, 114}, Row{413, 106}, Row{421, 104}, Row{422, 116}, Row{425, 80},
          Row{429, 117}, Row{500, 97}, Row{501, 136}, Row{502, 107}, Row{503, 107}, Row{504, 92}}) {
        common::Arena arena;
        Message reply;
        INFO(row.status);
        CHECK(make_error(row.status, arena, reply).size() == row.size);
        CHECK(reply.status == row.status);
        CHECK(reply.keep_alive == (row.status != 400 && row.status != 408));
    }
    CHECK(page_status(418) == 500);
    CHECK(page_status(431) == 431);
}

TEST_CASE("an error page on the wire") {
    common::Arena arena;
    Message reply;
    const std::string_view body = make_error(408, arena, reply);
    CHECK(sent(reply, body, arena) ==
          "HTTP/1.1 408 Request Time-out\r\ncontent-length: 110\r\ncache-control: no-cache\r\ncontent-type: "
          "text/html\r\n"
          "connection: close\r\n\r\n<html><body><h1>408 Request Time-out</h1>\n"
          "Your browser didn't send a complete request in time.\n</body></html>\n");
}

TEST_CASE("redirects") {
    common::Arena arena;
    Message reply;
    REQUIRE(make_redirect({302, "/x", "A=b; path=/;"}, arena, reply));
    CHECK(sent(reply, "", arena) ==
          "HTTP/1.1 302 Found\r\ncontent-length: 0\r\nlocation: /x\r\ncache-control: no-cache\r\n"
          "set-cookie: A=b; path=/;\r\n\r\n");
    for (const int status : {301, 308}) {
        REQUIRE(make_redirect({status, "/x", ""}, arena, reply));
        CHECK_FALSE(reply.fields.find(FieldId::cache_control));
    }
    CHECK_FALSE(make_redirect({302, "/x\r\nSet-Cookie: a", ""}, arena, reply));
}

TEST_CASE("challenges quote the realm") {
    common::Arena arena;
    Message reply;
    make_auth_challenge("A \"b\" \\c", false, arena, reply);
    CHECK(reply.status == 401);
    CHECK(reply.fields.find("www-authenticate")->value == "Basic realm=\"A \\\"b\\\" \\\\c\"");
    make_auth_challenge("x", true, arena, reply);
    CHECK(reply.status == 407);
    CHECK(reply.fields.find("proxy-authenticate"));
}

TEST_CASE("error files: counted anew, LF or CRLF, refused when they are no response") {
    common::Arena arena;
    Message reply;
    const std::string file =
        "HTTP/1.0 503 Sorry\nCache-Control: no-cache\nConnection: close\nContent-Length: 999\n\n<p>back "
        "soon</p>\n";
    const auto body = make_from_file(file, arena, reply);
    REQUIRE(body);
    CHECK(*body == "<p>back soon</p>\n");
    CHECK(reply.status == 503);
    CHECK(reply.content_length == 17);
    CHECK_FALSE(reply.keep_alive);
    CHECK(sent(reply, "", arena) ==
          "HTTP/1.0 503 Sorry\r\nCache-Control: no-cache\r\ncontent-length: 17\r\n\r\n");

    for (const char* bad : {"", "hello", "<html></html>\n", "HTTP/1.1 200 OK\r\nA: b\r\n",
                            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"}) {
        INFO(bad);
        CHECK_FALSE(make_from_file(bad, arena, reply));
    }
}
