// What samples and logs want to know of a TLS stream.
#pragma once

#include <string>

namespace proxyd::net {

struct TlsInfo {
    std::string sni;
    std::string version;  // "TLSv1.3"
    std::string cipher;
    std::string alpn;
    bool resumed = false;
};

}  // namespace proxyd::net
