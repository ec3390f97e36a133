// What a `bind` line says. Filled by config/, immutable afterwards.
#pragma once

#include <string>
#include <vector>

#include "common/diagnostics.h"
#include "common/endpoint.h"

namespace proxyd::net {

struct TlsServerSettings {
    bool enabled = false;
    std::vector<std::string> crt;  // files (certificate chain + key in one PEM) or directories of such
    std::string ca_file;
    std::string crl_file;
    bool verify_required = false;
    bool verify_optional = false;  // a client without certificate is served, too
    bool strict_sni = false;
    std::string ciphers, ciphersuites, curves;
    std::string alpn;      // "h2,http/1.1"
    int min_version = 12;  // 10 * major + minor - 1 for TLS 1.2 = 12, 1.3 = 13
    int max_version = 13;
    bool tickets = true;
    int max_record = 0;  // bytes in each of the first records to a client (tune.ssl.maxrecord); 0: no limit
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
    int backlog = 0;          // 0: maxconn of the frontend
    int maxconn = 0;          // 0: no limit of its own
    std::string user, group;  // Unix sockets
    int mode = -1;
    TlsServerSettings tls;
};

}  // namespace proxyd::net
