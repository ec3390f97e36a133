#include "proxyd/net/tls_files.h"

#include <openssl/decoder.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <filesystem>

namespace proxyd::net {

namespace {

namespace fs = std::filesystem;

using BioPointer = std::unique_ptr<BIO, OpensslDeleter<BIO_free_all>>;
using X509Pointer = std::unique_ptr<X509, OpensslDeleter<X509_free>>;
using KeyPointer = std::unique_ptr<EVP_PKEY, OpensslDeleter<EVP_PKEY_free>>;

void free_chain(STACK_OF(X509) * chain) {
    sk_X509_pop_free(chain, X509_free);
}

// Never asks on the terminal for the passphrase of a key.
int no_passphrase(char*, int, int, void*) {
    return -1;
}

common::Result<> load_chain(SSL_CTX* context, const std::string& file, BIO* bio) {
    const X509Pointer leaf(PEM_read_bio_X509_AUX(bio, nullptr, no_passphrase, nullptr));
    if (!leaf) return refuse_tls(file, "no certificate");
    if (SSL_CTX_use_certificate(context, leaf.get()) != 1) return refuse_tls(file, openssl_reason());
    while (X509Pointer next{PEM_read_bio_X509(bio, nullptr, no_passphrase, nullptr)}) {
        if (SSL_CTX_add0_chain_cert(context, next.get()) != 1) return refuse_tls(file, openssl_reason());
        static_cast<void>(next.release());  // the context owns it
    }
    ERR_clear_error();  // "no start line": the end of the file
    return {};
}

// The certificate in `folder` that issued this one, or null.
X509Pointer find_issuer(X509* certificate, const std::string& folder) {
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(folder, error)) {
        const BioPointer bio(BIO_new_file(entry.path().c_str(), "r"));
        while (X509Pointer candidate{bio ? PEM_read_bio_X509(bio.get(), nullptr, no_passphrase, nullptr)
                                         : nullptr})
            if (X509_check_issued(candidate.get(), certificate) == X509_V_OK) return candidate;
    }
    return nullptr;
}

bool issued_itself(X509* certificate) {
    return X509_check_issued(certificate, certificate) == X509_V_OK;
}

constexpr int kLongestChain = 16;

// A certificate that came alone gets its issuers, up to the root (issuers-chain-path); roots go again where
// they are not wanted: clients have their own.
common::Result<> complete_chain(SSL_CTX* context, const CertificateExtras& extras) {
    STACK_OF(X509)* given = nullptr;
    SSL_CTX_get0_chain_certs(context, &given);
    if (!extras.issuers.empty() && sk_X509_num(given) <= 0) {
        X509* last = SSL_CTX_get0_certificate(context);
        for (int i = 0; i < kLongestChain && !issued_itself(last); ++i) {
            X509Pointer issuer = find_issuer(last, extras.issuers);
            if (!issuer) break;
            last = issuer.get();
            if (SSL_CTX_add0_chain_cert(context, issuer.release()) != 1)
                return refuse_tls(extras.issuers, openssl_reason());
        }
        ERR_clear_error();
        SSL_CTX_get0_chain_certs(context, &given);
    }
    if (!extras.skip_self_issued || sk_X509_num(given) <= 0) return {};
    using Chain = std::unique_ptr<STACK_OF(X509), OpensslDeleter<free_chain>>;
    const Chain kept(sk_X509_new_null());
    for (int i = 0; kept && i < sk_X509_num(given); ++i) {
        X509* const each = sk_X509_value(given, i);
        if (!issued_itself(each) && sk_X509_push(kept.get(), each) > 0) X509_up_ref(each);
    }
    if (!kept || SSL_CTX_set1_chain(context, kept.get()) != 1)
        return refuse_tls("ssl-skip-self-issued-ca", openssl_reason());
    return {};
}

KeyPointer read_key(const std::string& file) {
    const BioPointer bio(BIO_new_file(file.c_str(), "r"));
    if (!bio) return nullptr;
    return KeyPointer(PEM_read_bio_PrivateKey(bio.get(), nullptr, no_passphrase, nullptr));
}

KeyPointer read_parameters(const std::string& file) {
    const BioPointer bio(BIO_new_file(file.c_str(), "r"));
    if (!bio) return nullptr;
    EVP_PKEY* read = nullptr;
    using Decoder = std::unique_ptr<OSSL_DECODER_CTX, OpensslDeleter<OSSL_DECODER_CTX_free>>;
    const Decoder decoder(OSSL_DECODER_CTX_new_for_pkey(
        &read, "PEM", nullptr, "DH", OSSL_KEYMGMT_SELECT_DOMAIN_PARAMETERS, nullptr, nullptr));
    while (decoder && !BIO_eof(bio.get()))
        if (OSSL_DECODER_from_bio(decoder.get(), bio.get()) == 1) break;
    ERR_clear_error();
    return KeyPointer(read);
}

// RFC 7919's group of at least so many bits.
KeyPointer group_parameters(int bits) {
    const char* const group = bits <= 2048   ? "ffdhe2048"
                              : bits <= 3072 ? "ffdhe3072"
                              : bits <= 4096 ? "ffdhe4096"
                              : bits <= 6144 ? "ffdhe6144"
                                             : "ffdhe8192";
    using KeyContext = std::unique_ptr<EVP_PKEY_CTX, OpensslDeleter<EVP_PKEY_CTX_free>>;
    const KeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, "DH", nullptr));
    EVP_PKEY* made = nullptr;
    if (context && EVP_PKEY_paramgen_init(context.get()) == 1 &&
        EVP_PKEY_CTX_set_group_name(context.get(), group) == 1)
        EVP_PKEY_paramgen(context.get(), &made);
    return KeyPointer(made);
}

}  // namespace

bool beside_certificate(const fs::path& path) {
    constexpr std::string_view kExtensions[] = {".key", ".ocsp", ".issuer", ".sctl"};
    return std::ranges::find(kExtensions, path.extension().string()) != std::end(kExtensions) ||
           path.filename().string().starts_with('.');
}

std::string openssl_reason() {
    const unsigned long code = ERR_peek_last_error();
    const char* reason = ERR_reason_error_string(code);
    std::string text = reason ? reason : "error of the TLS library";
    ERR_clear_error();
    return text;
}

std::unexpected<common::Error> refuse_tls(const std::string& file, const std::string& what) {
    ERR_clear_error();
    return common::fail(file + ": " + what, common::Side::config);
}

std::string beside_name(const std::string& chain, std::string_view extension,
                        const CertificateExtras& extras) {
    constexpr std::string_view kCrt = ".crt";
    const bool cut = extras.without_crt && chain.ends_with(kCrt);
    return chain.substr(0, chain.size() - (cut ? kCrt.size() : 0)) + std::string(extension);
}

common::Result<> load_certificate(SSL_CTX* context, const CertificateFiles& files,
                                  const CertificateExtras& extras) {
    const std::string& file = files.chain;
    const BioPointer bio(BIO_new_file(file.c_str(), "r"));
    if (!bio) {
        ERR_clear_error();
        return common::fail_errno(file);
    }
    if (auto chain = load_chain(context, file, bio.get()); !chain) return chain;
    if (auto completed = complete_chain(context, extras); !completed) return completed;
    KeyPointer key = read_key(files.key.empty() ? file : files.key);
    if (!key && extras.key && files.key.empty()) key = read_key(beside_name(file, ".key", extras));
    if (!key) return refuse_tls(files.key.empty() ? file : files.key, "no private key");
    if (SSL_CTX_use_PrivateKey(context, key.get()) != 1) {
        return refuse_tls(file, "the private key does not belong to the certificate");
    }
    return {};
}

common::Result<std::vector<CertificateFiles>> single_certificates(
    const std::vector<CertificateFiles>& given) {
    std::vector<CertificateFiles> files;
    for (const CertificateFiles& one : given) {
        std::error_code error;
        if (!fs::is_directory(one.chain, error)) {
            files.push_back(one);
            continue;
        }
        std::vector<std::string> found;
        for (const auto& entry : fs::directory_iterator(one.chain, error)) {
            if (!entry.is_regular_file(error) || beside_certificate(entry.path())) continue;
            found.push_back(entry.path().string());
        }
        if (found.empty()) return refuse_tls(one.chain, "no certificate in this directory");
        std::ranges::sort(found);
        for (std::string& path : found) {
            files.push_back(one);
            files.back().chain = std::move(path);
        }
    }
    return files;
}

common::Result<> load_authorities(SSL_CTX* context, const std::string& path) {
    std::error_code error;
    const bool folder = fs::is_directory(path, error);
    const bool loaded = path == "@system-ca"
                            ? SSL_CTX_set_default_verify_paths(context) == 1
                            : SSL_CTX_load_verify_locations(context, folder ? nullptr : path.c_str(),
                                                            folder ? path.c_str() : nullptr) == 1;
    if (loaded) return {};
    return refuse_tls(path, "cannot load the authorities (" + openssl_reason() + ")");
}

common::Result<> load_revocations(SSL_CTX* context, const std::string& crl_file) {
    X509_STORE* const store = SSL_CTX_get_cert_store(context);
    X509_LOOKUP* const lookup = X509_STORE_add_lookup(store, X509_LOOKUP_file());
    if (lookup == nullptr || X509_load_crl_file(lookup, crl_file.c_str(), X509_FILETYPE_PEM) < 1)
        return refuse_tls(crl_file, "cannot load the revoked certificates (" + openssl_reason() + ")");
    X509_STORE_set_flags(store, X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL);
    return {};
}

common::Result<> load_dh_parameters(SSL_CTX* context, const TlsServerSettings& settings,
                                    const std::string& certificate_file) {
    const std::string& dh_file = settings.dh_file;
    KeyPointer parameters = read_parameters(certificate_file);
    if (!parameters && !dh_file.empty()) {
        parameters = read_parameters(dh_file);
        if (!parameters) return refuse_tls(dh_file, "no parameters of Diffie-Hellman");
    }
    if (!parameters && settings.dh_bits > 0) parameters = group_parameters(settings.dh_bits);
    if (!parameters) return {};
    if (SSL_CTX_set0_tmp_dh_pkey(context, parameters.get()) != 1)
        return refuse_tls(dh_file.empty() ? certificate_file : dh_file, openssl_reason());
    static_cast<void>(parameters.release());
    return {};
}

}  // namespace proxyd::net
