// The PROXY protocol header in front of a client's bytes (doc "The PROXY protocol", versions 1 and 2): who
// the client of the proxy before us is. Pure: takes bytes, says how many belong to the header.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "common/endpoint.h"

namespace proxyd::net {

// Section 2.2 of the document: what version 2 begins with, address families, types of vectors.
inline constexpr std::string_view kProxySignature("\r\n\r\n\0\r\nQUIT\n", 12);
enum class ProxyFamily : unsigned char { tcp4 = 0x11, udp4 = 0x12, tcp6 = 0x21, udp6 = 0x22 };
enum class ProxyVector : unsigned char {
    alpn = 0x01,
    authority = 0x02,
    crc32c = 0x03,
    unique_id = 0x05,
    ssl = 0x20,
    ssl_version = 0x21,
    ssl_common_name = 0x22,
    ssl_cipher = 0x23,
    ssl_signature = 0x24,
    ssl_key = 0x25,
};

struct ProxyHeader {
    bool local = false;  // LOCAL, UNKNOWN or another family: the connection's own addresses stand
    common::Endpoint source, destination;
    std::string authority;  // PP2_TYPE_AUTHORITY
    std::string unique_id;  // PP2_TYPE_UNIQUE_ID, 128 bytes at most
};

enum class ProxyStatus : unsigned char { more, done, error };

struct ProxyResult {
    ProxyStatus status = ProxyStatus::more;
    std::size_t consumed = 0;  // with done: bytes of the header
};

// Version 1 has at most 107 bytes; a version 2 header beyond kLongestProxyHeader is refused.
inline constexpr std::size_t kLongestProxyHeader = 4096;
ProxyResult parse_proxy_header(std::string_view data, ProxyHeader& out);

}  // namespace proxyd::net
