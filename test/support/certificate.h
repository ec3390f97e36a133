// A self-signed certificate for tests, made when it is needed.
#pragma once

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <cstdio>
#include <string>

namespace test {

// Writes certificate and key (or only the certificate) of `name` as PEM.
inline bool write_certificate(const std::string& path, const std::string& name, bool with_key = true) {
    EVP_PKEY* key = EVP_EC_gen("P-256");
    X509* certificate = X509_new();
    X509_set_version(certificate, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate), -3600);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 86400);
    X509_set_pubkey(certificate, key);
    X509_NAME* subject = X509_get_subject_name(certificate);
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
                               reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
    X509_set_issuer_name(certificate, subject);
    bool done = X509_sign(certificate, key, EVP_sha256()) > 0;
    std::FILE* file = done ? std::fopen(path.c_str(), "w") : nullptr;
    done = file != nullptr && PEM_write_X509(file, certificate) == 1 &&
           (!with_key || PEM_write_PrivateKey(file, key, nullptr, nullptr, 0, nullptr, nullptr) == 1);
    if (file != nullptr) done = std::fclose(file) == 0 && done;
    X509_free(certificate);
    EVP_PKEY_free(key);
    return done;
}

}  // namespace test
