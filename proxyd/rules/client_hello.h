// What the first bytes of a TLS connection say (RFC 8446 section 4.1, RFC 6066 section 3, RFC 7301 section
// 3.1): enough to choose a server without taking part in the handshake. Pure; foreign bytes.
#pragma once

#include <cstdint>
#include <string_view>

namespace proxyd::rules {

enum class HelloStatus : unsigned char {
    complete,
    partial,  // more bytes may make it one
    none      // these bytes are no hello
};

// Views point into the parsed bytes; an extension that is not there has null data.
struct ClientHello {
    int record_version = 0;    // 0x0301
    int version = 0;           // legacy_version of the handshake message
    std::string_view ciphers;  // two bytes each
    std::string_view server_name;
    std::string_view protocols;   // ALPN: length-prefixed names
    bool has_curves = false;      // supported_groups
    std::string_view curves;      // of it, two bytes each
    std::string_view formats;     // ec_point_formats, a byte each
    std::string_view extensions;  // all of them, as they came
    bool has_session_ticket = false;
    int highest_version = 0;  // of supported_versions, else `version`
};

HelloStatus parse_client_hello(std::string_view bytes, ClientHello& out);

// The same for a handshake message without its record, as OpenSSL shows it. False: no whole hello.
bool parse_hello_message(std::string_view message, ClientHello& out);

// The type of the next extension of ClientHello::extensions, -1 at the end. `rest` moves on.
int next_extension(std::string_view& rest);

// Type of the handshake message in the first record, 1 for a client's hello, 2 for a server's. Needs the
// record's header and the message's first byte.
HelloStatus parse_hello_type(std::string_view bytes, int& type);

// The first of ALPN's names that is whole; empty data at the end. `rest` moves on.
std::string_view next_protocol(std::string_view& rest);

}  // namespace proxyd::rules
