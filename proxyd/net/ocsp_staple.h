// A certificate's OCSP response that is handed to clients with the handshake (RFC 6066 section 8).
#pragma once

#include <openssl/ssl.h>

#include <ctime>
#include <memory>
#include <string>

#include "common/error.h"

namespace proxyd::net {

struct OcspStaple {
    std::string bytes;            // DER
    std::time_t valid_until = 0;  // 0: no end told
};

// A file with a good answer of the responder; an outdated one is told, as clients would get none.
common::Result<std::unique_ptr<OcspStaple>> load_ocsp_staple(const std::string& file);

// The staple must outlive the context.
void staple(SSL_CTX* context, const OcspStaple& response);

}  // namespace proxyd::net
