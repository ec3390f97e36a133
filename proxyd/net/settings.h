// What a `bind` line says. Filled by config/, immutable afterwards.
#pragma once

#include <bitset>
#include <cstdint>
#include <string>
#include <vector>

#include "common/diagnostics.h"
#include "common/endpoint.h"
#include "proxyd/net/socket_options.h"

namespace proxyd::net {

// What either side of TLS may restrict. Lists are in OpenSSL's notation; empty: the library's choice.
struct TlsAlgorithms {
    std::string ciphers;       // up to TLS 1.2
    std::string ciphersuites;  // TLS 1.3
    std::string curves, sigalgs, client_sigalgs;
    int min_version = 12;  // 10 * major + minor - 1 for TLS 1.2 = 12, 1.3 = 13
    int max_version = 13;
    int security_level = -1;  // SSL_CTX_set_security_level(3), 0 to 5; -1: the library's
};

// A certificate and what accompanies it.
struct CertificateFiles {
    std::string chain;               // PEM: certificate, chain and mostly the key; or a folder of such files
    std::string key;                 // PEM; empty: in `chain`, else in CHAIN.key
    std::string ocsp;                // DER, a stapled OCSP response; empty: CHAIN.ocsp if there is one
    std::vector<std::string> names;  // SNI filters; empty: the names in the certificate
};

// What is looked for beside a certificate.
struct CertificateExtras {
    bool key = true, ocsp = true;   // CHAIN.key, CHAIN.ocsp (ssl-load-extra-files)
    bool without_crt = false;       // of site.crt the key is site.key (ssl-load-extra-del-ext)
    std::string issuers;            // folder of certificates that complete a chain (issuers-chain-path)
    bool skip_self_issued = false;  // roots are not sent (ssl-skip-self-issued-ca)
};

// Errors of a certificate's verification by their number (X509_V_ERR_*).
using CertificateErrors = std::bitset<128>;

struct TlsServerSettings {
    bool enabled = false;
    std::vector<CertificateFiles> crt;
    CertificateExtras extras;
    std::string ca_file;
    std::string ca_verify_file;  // authorities that are not named to the client
    std::string crl_file;
    bool verify_required = false;
    bool verify_optional = false;            // a client without certificate is served, too
    CertificateErrors ignored_of_authority;  // ca-ignore-err: depth 1 and up
    CertificateErrors ignored_of_client;     // crt-ignore-err: depth 0
    bool name_authorities = true;
    bool strict_sni = false;
    bool prefer_client_ciphers = false;
    TlsAlgorithms algorithms;
    std::string dh_file;  // parameters of DHE, PEM, for certificates' files that hold none
    int dh_bits = 0;      // without any: a group of RFC 7919 of this size; 0: no DHE
    std::string alpn;     // "h2,http/1.1"
    bool tickets = true;
    std::string ticket_keys_file;  // empty: keys of the process
    int hello_capture = 0;         // bytes of a client's hello's lists to show (tune.ssl.capture-buffer-size)
    int max_record = 0;         // bytes in each of the first records to a client (tune.ssl.maxrecord); 0: any
    int hard_max_record = 0;    // bytes in any record (tune.ssl.hard-maxrecord); 0: as many as TLS allows
    int lifetime_s = 0;         // of sessions and their tickets (tune.ssl.lifetime); 0: the library's
    bool keep_secrets = false;  // for those who decrypt captures (tune.ssl.keylog)
};

// Of a `server ... ssl`.
struct TlsClientSettings {
    bool verify = true;
    std::string ca_file;  // empty: the system's
    std::string crl_file;
    CertificateFiles crt;  // shown to servers that ask for one; empty: none
    CertificateExtras extras;
    std::string verify_host;  // the name in the certificate when no SNI is sent
    TlsAlgorithms algorithms;
    std::string alpn;
    bool tickets = true;
    bool resume = true;  // sessions of earlier connections
};

struct BindSettings {
    common::Location where;
    std::string text;          // as written: "*:80"
    common::Endpoint address;  // empty when inherited_fd >= 0
    int inherited_fd = -1;     // `fd@N`
    std::string name;          // listener name for logs and statistics
    std::string interface;     // SO_BINDTODEVICE
    bool v6only = false, v4v6 = false, transparent = false, accept_proxy = false, defer_accept = false,
         tfo = false;
    bool accept_netscaler = false;      // clients begin with a NetScaler header
    std::uint32_t netscaler_magic = 0;  // as it begins
    std::string network_namespace;      // empty: ours
    SocketOptions socket;
    bool reuse_port = true;   // off: all workers share one socket (noreuseport)
    int backlog = 0;          // 0: maxconn of the frontend
    int maxconn = 0;          // 0: no limit of its own
    int id = 0;               // 0: the next one that is free
    std::string user, group;  // Unix sockets
    int mode = -1;
    TlsServerSettings tls;
};

}  // namespace proxyd::net
