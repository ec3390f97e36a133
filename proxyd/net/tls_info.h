// What samples and logs want to know of a TLS stream.
#pragma once

#include <memory>
#include <string>
#include <vector>

struct ssl_st;

namespace proxyd::net {

// A client's hello, kept where tune.ssl.capture-buffer-size asks for it.
struct ClientHelloCopy {
    std::string message;    // the handshake message, header included
    std::size_t limit = 0;  // bytes of lists that may be shown
};

// A secret of the handshake, as key log files have it (tune.ssl.keylog): "CLIENT_TRAFFIC_SECRET_0".
struct TlsSecret {
    std::string label;
    std::string digits;  // hexadecimal
};

struct TlsInfo {
    std::string sni;
    std::string version;  // "TLSv1.3"
    std::string cipher;
    std::string alpn;
    bool resumed = false;
    std::unique_ptr<const ClientHelloCopy> hello;     // null: not kept
    std::unique_ptr<std::vector<TlsSecret>> secrets;  // null: not kept
    ssl_st* native = nullptr;  // OpenSSL's, of the established connection, for what is asked seldom
};

}  // namespace proxyd::net
