#include "proxyd/rules/client_hello.h"

#include <catch2/catch.hpp>

#include <string>

#include "proxyd/rules/ascii.h"

using namespace proxyd::rules;

namespace {

// OpenSSL's, for www.example.com, offering h2 and http/1.1.
constexpr std::string_view kHello =
    "16030100ad010000a90303ca40853df8376dc696b9cf6cb3f50cf0ab47a6a16ed5bfda858d32abe4c9c041000004c02f00ff0100"
    "007c00000014001200000f7777772e6578616d706c652e636f6d000b000403000102000a000c000a001d0017001e001900180023"
    "00000010000e000c02683208687474702f312e310016000000170000000d002a0028040305030603080708080809080a080b0804"
    "08050806040105010601030303010302040205020602";

std::string bytes_of(std::string_view hex) {
    std::string out;
    for (std::size_t i = 0; i + 1 < hex.size(); i += 2)
        out += static_cast<char>(hex_value(hex[i]) * 16 + hex_value(hex[i + 1]));
    return out;
}

}  // namespace

TEST_CASE("a TLS hello tells name, protocols and versions") {
    const std::string bytes = bytes_of(kHello);
    ClientHello hello;
    REQUIRE(parse_client_hello(bytes, hello) == HelloStatus::complete);
    CHECK(hello.server_name == "www.example.com");
    CHECK(hello.record_version == 0x0301);
    CHECK(hello.version == 0x0303);
    CHECK(hello.highest_version == 0x0303);
    CHECK(hello.has_curves);
    CHECK(hello.has_session_ticket);
    std::string_view rest = hello.protocols;
    CHECK(next_protocol(rest) == "h2");
    CHECK(next_protocol(rest) == "http/1.1");
    CHECK(next_protocol(rest).data() == nullptr);
    int type = 0;
    CHECK(parse_hello_type(bytes, type) == HelloStatus::complete);
    CHECK(type == 1);
}

TEST_CASE("every beginning of a hello is a part of one") {
    const std::string bytes = bytes_of(kHello);
    for (std::size_t size = 0; size < bytes.size(); ++size) {
        INFO(size);
        ClientHello hello;
        CHECK(parse_client_hello(std::string_view(bytes).substr(0, size), hello) == HelloStatus::partial);
    }
    ClientHello hello;
    CHECK(parse_client_hello(bytes + "more", hello) == HelloStatus::complete);
}

TEST_CASE("a hello with any byte changed is parsed within its bounds") {
    const std::string good = bytes_of(kHello);
    for (std::size_t at = 0; at < good.size(); ++at)
        for (const int change : {0x01, 0x80, 0xff}) {
            std::string bytes = good;
            bytes[at] = static_cast<char>(bytes[at] ^ change);
            ClientHello hello;
            const HelloStatus status = parse_client_hello(bytes, hello);
            if (status != HelloStatus::complete || hello.server_name.empty()) continue;
            CHECK(hello.server_name.data() >= bytes.data());
            CHECK(hello.server_name.data() + hello.server_name.size() <= bytes.data() + bytes.size());
        }
}

TEST_CASE("other bytes are no hello") {
    ClientHello hello;
    int type = 0;
    for (const std::string_view text :
         {"GET / HTTP/1.1\r\n", "\x16\x02\x01", "\x15\x03\x01\x00\x02\x01\x00"}) {
        CHECK(parse_client_hello(text, hello) == HelloStatus::none);
        CHECK(parse_hello_type(text, type) == HelloStatus::none);
    }
    // A server's hello, and one that says it is longer than its record.
    CHECK(parse_client_hello(std::string("\x16\x03\x03\x00\x04\x02\x00\x00\x00", 9), hello) ==
          HelloStatus::none);
    CHECK(parse_client_hello(std::string("\x16\x03\x03\x00\x04\x01\x00\x00\x09", 9), hello) ==
          HelloStatus::none);
    CHECK(parse_hello_type(std::string("\x16\x03\x03\x00\x04\x02", 6), type) == HelloStatus::complete);
    CHECK(type == 2);
    std::string_view names("\x05h2", 3);
    CHECK(next_protocol(names).data() == nullptr);
}

TEST_CASE("a hello's lists, from its record and from the message alone") {
    const std::string bytes = bytes_of(kHello);
    ClientHello hello;
    REQUIRE(parse_hello_message(std::string_view(bytes).substr(5), hello));
    CHECK(hello.ciphers == bytes_of("c02f00ff"));
    CHECK(hello.curves == bytes_of("001d0017001e00190018"));
    CHECK(hello.formats == bytes_of("000102"));
    std::string types;
    std::string_view rest = hello.extensions;
    for (int type = next_extension(rest); type >= 0; type = next_extension(rest))
        types += std::to_string(type) + " ";
    CHECK(types == "0 11 10 35 16 22 23 13 ");
    for (std::size_t size = 0; size + 5 < bytes.size(); ++size)
        CHECK_FALSE(parse_hello_message(std::string_view(bytes).substr(5, size), hello));
    rest = std::string_view("\0\1\0\5ab", 6);
    CHECK(next_extension(rest) == -1);
}
