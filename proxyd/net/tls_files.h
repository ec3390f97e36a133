// Loads what TLS needs from files into an OpenSSL context.
#pragma once

#include <openssl/ssl.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "common/error.h"
#include "proxyd/net/settings.h"

namespace proxyd::net {

template <auto Free>
struct OpensslDeleter {
    template <class T>
    void operator()(T* pointer) const {
        Free(pointer);
    }
};
using ContextPointer = std::unique_ptr<SSL_CTX, OpensslDeleter<SSL_CTX_free>>;

// What OpenSSL says about its last failure.
std::string openssl_reason();
// "FILE: WHAT"
std::unexpected<common::Error> refuse_tls(const std::string& file, const std::string& what);

// What a file beside a certificate is called: its own name, or that without .crt, and the extension.
std::string beside_name(const std::string& chain, std::string_view extension,
                        const CertificateExtras& extras);

// Chain and key in one file, or the key in `files.key`, or where `extras` says (configuration manual 5.1,
// "crt"). A chain of one is completed from the folder of issuers.
common::Result<> load_certificate(SSL_CTX* context, const CertificateFiles& files,
                                  const CertificateExtras& extras);

// Files in a folder of certificates that are none: those that HAProxy reads along with one, hidden ones.
bool beside_certificate(const std::filesystem::path& path);
// Folders stand for their files in alphabetical order, without those that accompany others.
common::Result<std::vector<CertificateFiles>> single_certificates(const std::vector<CertificateFiles>& given);

// Certificates that others' certificates are verified by: a file, a folder of hashed ones, or @system-ca.
common::Result<> load_authorities(SSL_CTX* context, const std::string& path);
common::Result<> load_revocations(SSL_CTX* context, const std::string& crl_file);

// Parameters of DHE: those in the certificate's file, of `dh_file`, or of a group of `dh_bits`; without any
// no DHE cipher is used.
common::Result<> load_dh_parameters(SSL_CTX* context, const TlsServerSettings& settings,
                                    const std::string& certificate_file);

}  // namespace proxyd::net
