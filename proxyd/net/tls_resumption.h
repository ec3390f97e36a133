// Sessions with one server, kept to spare the next connections the full handshake (RFC 8446 section 2.2,
// RFC 5077). Thread-safe: the workers share them.
#pragma once

#include <openssl/ssl.h>

#include <mutex>
#include <string>
#include <vector>

namespace proxyd::net {

class TlsResumption {
 public:
    TlsResumption() = default;
    ~TlsResumption();
    TlsResumption(const TlsResumption&) = delete;
    TlsResumption& operator=(const TlsResumption&) = delete;

    // `name` is what the handshake asked for: a server that answers for several has a session for each.
    void keep(const std::string& name, SSL_SESSION* session);  // owns it from now on
    // Offers the newest session in the handshake that is to come, if there is one. A ticket of TLS 1.3 is
    // offered once (RFC 8446 section C.4).
    void offer(SSL* connection, const std::string& name);

 private:
    static constexpr std::size_t kMost = 16;
    struct Entry {
        std::string name;
        SSL_SESSION* session;
    };
    std::mutex mutex_;
    std::vector<Entry> entries_;  // oldest first
};

}  // namespace proxyd::net
