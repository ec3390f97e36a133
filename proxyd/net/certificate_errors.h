// Errors of a peer's certificate: which of them are put up with, and which one a connection had
// (configuration manual 5.1, ca-ignore-err and crt-ignore-err; 7.3.4, ssl_c_err).
#pragma once

#include <string_view>

#include "common/error.h"
#include "proxyd/net/settings.h"

struct ssl_st;
struct x509_store_ctx_st;

namespace proxyd::net {

// "all", or numbers and names (X509_V_ERR_CERT_HAS_EXPIRED) with commas.
common::Result<CertificateErrors> parse_certificate_errors(std::string_view list);

// First error at each place, 0: none.
struct SeenErrors {
    int certificate = 0;
    int authority = 0;
    int authority_depth = 0;
};
SeenErrors seen_errors(const ssl_st* connection);

// In a verify callback: notes the error; true when the settings put up with it.
bool tolerate(x509_store_ctx_st* verification, const CertificateErrors& of_authority,
              const CertificateErrors& of_client);

}  // namespace proxyd::net
