// What samples and logs want to know of a TLS stream.
#pragma once

#include <string>

struct ssl_st;

namespace proxyd::net {

struct TlsInfo {
    std::string sni;
    std::string version;  // "TLSv1.3"
    std::string cipher;
    std::string alpn;
    bool resumed = false;
    ssl_st* native = nullptr;  // OpenSSL's, of the established connection, for what is asked seldom
};

}  // namespace proxyd::net
