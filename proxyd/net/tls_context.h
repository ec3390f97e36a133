// What TLS connections of one bind line (or one server line) share: certificates, protocol settings, ticket
// keys. Immutable after loading; shared by all workers.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "common/error.h"
#include "proxyd/net/settings.h"

struct ssl_ctx_st;

namespace proxyd::net {

class TlsResumption;

// Keys that encrypt session tickets (RFC 5077 section 4, RFC 8446 section 4.6.1): the newest encrypts, all
// decrypt, so that a client resumes on any worker and, with exported keys, after a reload. Thread-safe.
class TicketKeys {
 public:
    struct Key {
        std::array<unsigned char, 16> name;
        std::array<unsigned char, 32> cipher;
        std::array<unsigned char, 32> mac;
        bool short_form = false;  // AES-128 and half of each; in key files only
    };
    static constexpr std::size_t kKept = 3;

    TicketKeys();  // one random key
    // A file of keys in Base64, one a line, of 48 or 80 bytes (configuration manual 5.1, tls-ticket-keys):
    // the last three count, the penultimate encrypts.
    static common::Result<std::shared_ptr<TicketKeys>> from_file(const std::string& path);
    ~TicketKeys();
    void rotate();                         // a new key; the oldest beyond kKept goes
    std::vector<Key> export_keys() const;  // newest first, for the process that takes over
    void import_keys(const std::vector<Key>& keys);

    struct Impl;
    Impl& impl() const { return *impl_; }

 private:
    std::unique_ptr<Impl> impl_;
};

class TlsContext {
 public:
    // Fails with "FILE: what is wrong", e.g. "site.pem: no private key". Without `keys` tickets have keys of
    // their own context only.
    static common::Result<std::shared_ptr<const TlsContext>> server(
        const TlsServerSettings& settings, std::shared_ptr<TicketKeys> keys = nullptr);
    static common::Result<std::shared_ptr<const TlsContext>> client(const TlsClientSettings& settings);
    ~TlsContext();

    ssl_ctx_st* native() const;
    bool verifies_peer() const;
    const std::string& verify_host() const;  // of servers that are asked for no name
    std::size_t certificates() const;
    std::size_t max_record() const;       // bytes in each of the first records we send; 0: no limit
    std::size_t hard_max_record() const;  // bytes in each record; 0: no limit
    // Of a context for servers: a session to resume with `server_name`, and its new ones.
    TlsResumption* resumption() const;  // null: none
    std::size_t hello_capture() const;  // bytes of lists of a client's hello to keep; 0: nothing
    // The certificate that a client naming `server_name` gets: index in loading order; -1: strict-sni
    // refuses.
    int choose(std::string_view server_name) const;

    struct Impl;

 private:
    explicit TlsContext(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace proxyd::net
