#include "proxyd/net/tls_context.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <filesystem>

#include "common/text.h"
#include "proxyd/net/certificate_names.h"
#include "proxyd/net/tls_tickets.h"

namespace proxyd::net {

namespace {

template <auto Free>
struct Deleter {
    template <class T>
    void operator()(T* pointer) const {
        Free(pointer);
    }
};
using ContextPointer = std::unique_ptr<SSL_CTX, Deleter<SSL_CTX_free>>;
using BioPointer = std::unique_ptr<BIO, Deleter<BIO_free_all>>;
using X509Pointer = std::unique_ptr<X509, Deleter<X509_free>>;
using KeyPointer = std::unique_ptr<EVP_PKEY, Deleter<EVP_PKEY_free>>;
using Protocols = std::vector<unsigned char>;  // ALPN's wire form

}  // namespace

struct TlsContext::Impl {
    std::vector<ContextPointer> contexts;  // one per certificate; [0] is the default and holds the callbacks
    CertificateNames names;
    Protocols protocols;
    std::shared_ptr<TicketKeys> keys;
    bool strict_sni = false;
    bool verifies_peer = false;
    std::size_t max_record = 0;
};

namespace {

std::string openssl_reason() {
    const unsigned long code = ERR_peek_last_error();
    const char* reason = ERR_reason_error_string(code);
    std::string text = reason ? reason : "error of the TLS library";
    ERR_clear_error();
    return text;
}

std::unexpected<common::Error> refuse(const std::string& file, const std::string& what) {
    ERR_clear_error();
    return common::fail(file + ": " + what, common::Side::config);
}

int version_number(int ours) {
    return ours >= 13 ? TLS1_3_VERSION : TLS1_2_VERSION;
}

Protocols wire_form(std::string_view list) {
    Protocols wire;
    for (std::string_view name : common::split(list, ',')) {
        name = common::trim(name);
        if (name.empty() || name.size() > 255) continue;
        // HTTP/2 is not spoken yet: what is not offered cannot be chosen.
        if (name == "h2") continue;
        wire.push_back(static_cast<unsigned char>(name.size()));
        wire.insert(wire.end(), name.begin(), name.end());
    }
    return wire;
}

common::Result<> configure(SSL_CTX* context, int min_version, int max_version) {
    SSL_CTX_set_min_proto_version(context, version_number(min_version));
    SSL_CTX_set_max_proto_version(context, version_number(max_version));
    SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                  SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_read_ahead(context, 1);  // a record's head and body in one read
    SSL_CTX_set_options(context, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION |
                                     SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA |
                                     SSL_OP_IGNORE_UNEXPECTED_EOF | SSL_OP_SINGLE_ECDH_USE);
    return {};
}

common::Result<> set_ciphers(SSL_CTX* context, const TlsServerSettings& settings) {
    if (!settings.ciphers.empty() && SSL_CTX_set_cipher_list(context, settings.ciphers.c_str()) != 1) {
        return refuse("ciphers " + settings.ciphers, "no usable cipher (" + openssl_reason() + ")");
    }
    if (!settings.ciphersuites.empty() &&
        SSL_CTX_set_ciphersuites(context, settings.ciphersuites.c_str()) != 1) {
        return refuse("ciphersuites " + settings.ciphersuites, "no usable cipher (" + openssl_reason() + ")");
    }
    if (!settings.curves.empty() && SSL_CTX_set1_curves_list(context, settings.curves.c_str()) != 1) {
        return refuse("curves " + settings.curves, "unknown curve");
    }
    return {};
}

// Never asks on the terminal for the passphrase of a key.
int no_passphrase(char*, int, int, void*) {
    return -1;
}

common::Result<> load_chain(SSL_CTX* context, const std::string& file, BIO* bio) {
    const X509Pointer leaf(PEM_read_bio_X509_AUX(bio, nullptr, no_passphrase, nullptr));
    if (!leaf) return refuse(file, "no certificate");
    if (SSL_CTX_use_certificate(context, leaf.get()) != 1) return refuse(file, openssl_reason());
    while (X509Pointer next{PEM_read_bio_X509(bio, nullptr, no_passphrase, nullptr)}) {
        if (SSL_CTX_add0_chain_cert(context, next.get()) != 1) return refuse(file, openssl_reason());
        static_cast<void>(next.release());  // the context owns it
    }
    ERR_clear_error();  // "no start line": the end of the file
    return {};
}

KeyPointer read_key(const std::string& file) {
    const BioPointer bio(BIO_new_file(file.c_str(), "r"));
    if (!bio) return nullptr;
    return KeyPointer(PEM_read_bio_PrivateKey(bio.get(), nullptr, no_passphrase, nullptr));
}

// Chain and key in one file, or the key beside it in FILE.key (configuration manual, "crt").
common::Result<> load_certificate(SSL_CTX* context, const std::string& file) {
    const BioPointer bio(BIO_new_file(file.c_str(), "r"));
    if (!bio) {
        ERR_clear_error();
        return common::fail_errno(file);
    }
    if (auto chain = load_chain(context, file, bio.get()); !chain) return chain;
    KeyPointer key = read_key(file);
    if (!key) key = read_key(file + ".key");
    if (!key) return refuse(file, "no private key");
    if (SSL_CTX_use_PrivateKey(context, key.get()) != 1) {
        return refuse(file, "the private key does not belong to the certificate");
    }
    return {};
}

void collect_names(SSL_CTX* context, int index, CertificateNames& names) {
    X509* certificate = SSL_CTX_get0_certificate(context);
    auto* alternatives =
        static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr));
    for (int i = 0; i < sk_GENERAL_NAME_num(alternatives); ++i) {
        const GENERAL_NAME* name = sk_GENERAL_NAME_value(alternatives, i);
        if (name->type != GEN_DNS) continue;
        names.add({reinterpret_cast<const char*>(ASN1_STRING_get0_data(name->d.dNSName)),
                   static_cast<std::size_t>(ASN1_STRING_length(name->d.dNSName))},
                  index);
    }
    GENERAL_NAMES_free(alternatives);
    char common_name[256];
    if (X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, common_name,
                                  sizeof common_name) > 0) {
        names.add(common_name, index);
    }
}

// Files as given; a directory stands for its files in alphabetical order, without those that accompany
// others.
common::Result<std::vector<std::string>> certificate_files(const std::vector<std::string>& paths) {
    namespace fs = std::filesystem;
    std::vector<std::string> files;
    for (const std::string& path : paths) {
        std::error_code error;
        if (!fs::is_directory(path, error)) {
            files.push_back(path);
            continue;
        }
        const std::size_t first = files.size();
        for (const auto& entry : fs::directory_iterator(path, error)) {
            const std::string name = entry.path().filename().string();
            if (name.starts_with('.') || !entry.is_regular_file(error)) continue;
            const std::string extension = entry.path().extension().string();
            if (extension == ".key" || extension == ".issuer" || extension == ".ocsp" || extension == ".sctl")
                continue;
            files.push_back(entry.path().string());
        }
        if (files.size() == first) return refuse(path, "no certificate in this directory");
        std::sort(files.begin() + static_cast<std::ptrdiff_t>(first), files.end());
    }
    return files;
}

int on_server_name(SSL* ssl, int* alert, void* argument) {
    const auto& impl = *static_cast<const TlsContext::Impl*>(argument);
    const char* name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
    const int chosen = name ? impl.names.find(name) : -1;
    if (chosen < 0 && impl.strict_sni) {
        *alert = SSL_AD_UNRECOGNIZED_NAME;
        return SSL_TLSEXT_ERR_ALERT_FATAL;
    }
    if (chosen > 0) SSL_set_SSL_CTX(ssl, impl.contexts[static_cast<std::size_t>(chosen)].get());
    return SSL_TLSEXT_ERR_OK;
}

// A client that offers only protocols we do not speak is refused (RFC 7301 section 3.2, alert 120).
int on_alpn(SSL*, const unsigned char** out, unsigned char* out_length, const unsigned char* in,
            unsigned in_length, void* argument) {
    const auto& impl = *static_cast<const TlsContext::Impl*>(argument);
    unsigned char* chosen = nullptr;
    if (SSL_select_next_proto(&chosen, out_length, impl.protocols.data(),
                              static_cast<unsigned>(impl.protocols.size()), in,
                              in_length) != OPENSSL_NPN_NEGOTIATED) {
        return SSL_TLSEXT_ERR_ALERT_FATAL;
    }
    *out = chosen;
    return SSL_TLSEXT_ERR_OK;
}

int on_ticket_key(SSL* ssl, unsigned char* name, unsigned char* iv, EVP_CIPHER_CTX* cipher, EVP_MAC_CTX* mac,
                  int encrypt) {
    // After SSL_set_SSL_CTX the context is another one: the argument of the bind line is in each.
    const auto& impl = *static_cast<const TlsContext::Impl*>(SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl)));
    return apply_ticket_key(*impl.keys, name, iv, cipher, mac, encrypt == 1,
                            SSL_version(ssl) == TLS1_3_VERSION);
}

common::Result<> load_client_authorities(SSL_CTX* context, const TlsServerSettings& settings) {
    if (settings.ca_file.empty()) return {};
    if (SSL_CTX_load_verify_locations(context, settings.ca_file.c_str(), nullptr) != 1) {
        return refuse(settings.ca_file, "cannot load the authorities (" + openssl_reason() + ")");
    }
    SSL_CTX_set_client_CA_list(context, SSL_load_client_CA_file(settings.ca_file.c_str()));
    if (settings.crl_file.empty()) return {};
    X509_STORE* const store = SSL_CTX_get_cert_store(context);
    X509_LOOKUP* const lookup = X509_STORE_add_lookup(store, X509_LOOKUP_file());
    if (lookup == nullptr || X509_load_crl_file(lookup, settings.crl_file.c_str(), X509_FILETYPE_PEM) < 1)
        return refuse(settings.crl_file, "cannot load the revoked certificates (" + openssl_reason() + ")");
    X509_STORE_set_flags(store, X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL);
    return {};
}

common::Result<ContextPointer> make_server_context(TlsContext::Impl& impl, const TlsServerSettings& settings,
                                                   const std::string& file) {
    ContextPointer context(SSL_CTX_new(TLS_server_method()));
    if (!context) return refuse(file, openssl_reason());
    if (auto done = configure(context.get(), settings.min_version, settings.max_version); !done)
        return std::unexpected(done.error());
    if (auto done = set_ciphers(context.get(), settings); !done) return std::unexpected(done.error());
    if (auto done = load_certificate(context.get(), file); !done) return std::unexpected(done.error());
    if (auto done = load_client_authorities(context.get(), settings); !done)
        return std::unexpected(done.error());
    const int optional = settings.verify_optional ? SSL_VERIFY_PEER : SSL_VERIFY_NONE;
    SSL_CTX_set_verify(
        context.get(),
        settings.verify_required ? SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT : optional, nullptr);
    static constexpr unsigned char kSessionContext[] = "proxyd";
    SSL_CTX_set_session_id_context(context.get(), kSessionContext, sizeof kSessionContext - 1);
    // Sessions live in the client's ticket; a cache of our own would be per process and locked.
    SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
    SSL_CTX_set_app_data(context.get(), &impl);
    if (settings.tickets) {
        SSL_CTX_set_tlsext_ticket_key_evp_cb(context.get(), on_ticket_key);
        SSL_CTX_set_num_tickets(context.get(), 1);
    } else {
        SSL_CTX_set_options(context.get(), SSL_OP_NO_TICKET);
        SSL_CTX_set_num_tickets(context.get(), 0);
    }
    SSL_CTX_set_tlsext_servername_callback(context.get(), on_server_name);
    SSL_CTX_set_tlsext_servername_arg(context.get(), &impl);
    if (!impl.protocols.empty()) SSL_CTX_set_alpn_select_cb(context.get(), on_alpn, &impl);
    return context;
}

}  // namespace

TlsContext::TlsContext(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
TlsContext::~TlsContext() = default;

ssl_ctx_st* TlsContext::native() const {
    return impl_->contexts.front().get();
}
bool TlsContext::verifies_peer() const {
    return impl_->verifies_peer;
}
std::size_t TlsContext::max_record() const {
    return impl_->max_record;
}
std::size_t TlsContext::certificates() const {
    return impl_->contexts.size();
}

int TlsContext::choose(std::string_view server_name) const {
    const int chosen = impl_->names.find(server_name);
    return chosen < 0 && !impl_->strict_sni ? 0 : chosen;
}

common::Result<std::shared_ptr<const TlsContext>> TlsContext::server(const TlsServerSettings& settings,
                                                                     std::shared_ptr<TicketKeys> keys) {
    auto impl = std::make_unique<Impl>();
    impl->protocols = wire_form(settings.alpn);
    impl->strict_sni = settings.strict_sni;
    impl->verifies_peer = settings.verify_required || settings.verify_optional;
    impl->max_record = static_cast<std::size_t>(settings.max_record);
    impl->keys = keys ? std::move(keys) : std::make_shared<TicketKeys>();
    auto files = certificate_files(settings.crt);
    if (!files) return std::unexpected(files.error());
    if (files->empty())
        return common::fail("'ssl' needs a certificate: give 'crt FILE'", common::Side::config);
    for (const std::string& file : *files) {
        auto context = make_server_context(*impl, settings, file);
        if (!context) return std::unexpected(context.error());
        collect_names(context->get(), static_cast<int>(impl->contexts.size()), impl->names);
        impl->contexts.push_back(std::move(*context));
    }
    return std::shared_ptr<const TlsContext>(new TlsContext(std::move(impl)));
}

common::Result<std::shared_ptr<const TlsContext>> TlsContext::client(const TlsClientSettings& settings) {
    auto impl = std::make_unique<Impl>();
    ContextPointer context(SSL_CTX_new(TLS_client_method()));
    if (!context) return refuse("TLS", openssl_reason());
    if (auto done = configure(context.get(), settings.min_version, settings.max_version); !done)
        return std::unexpected(done.error());
    impl->verifies_peer = settings.verify;
    if (settings.verify) {
        const bool loaded =
            settings.ca_file.empty()
                ? SSL_CTX_set_default_verify_paths(context.get()) == 1
                : SSL_CTX_load_verify_locations(context.get(), settings.ca_file.c_str(), nullptr) == 1;
        if (!loaded)
            return refuse(settings.ca_file, "cannot load the authorities (" + openssl_reason() + ")");
        SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
    }
    const Protocols protocols = wire_form(settings.alpn);
    if (!protocols.empty())
        SSL_CTX_set_alpn_protos(context.get(), protocols.data(), static_cast<unsigned>(protocols.size()));
    impl->contexts.push_back(std::move(context));
    return std::shared_ptr<const TlsContext>(new TlsContext(std::move(impl)));
}

}  // namespace proxyd::net
