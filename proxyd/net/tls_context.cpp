#include "proxyd/net/tls_context.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <filesystem>

#include "common/text.h"
#include "proxyd/net/certificate_errors.h"
#include "proxyd/net/certificate_names.h"
#include "proxyd/net/ocsp_staple.h"
#include "proxyd/net/tls_files.h"
#include "proxyd/net/tls_resumption.h"
#include "proxyd/net/tls_session.h"
#include "proxyd/net/tls_tickets.h"

namespace proxyd::net {

namespace {
using Protocols = std::vector<unsigned char>;  // ALPN's wire form
}

struct TlsContext::Impl {
    std::vector<ContextPointer> contexts;  // one per certificate; [0] is the default and holds the callbacks
    CertificateNames names;
    std::vector<std::unique_ptr<OcspStaple>> staples;
    Protocols protocols;
    std::shared_ptr<TicketKeys> keys;
    CertificateErrors ignored_of_authority, ignored_of_client;
    std::string verify_host;
    std::unique_ptr<TlsResumption> resumption;
    bool strict_sni = false;
    bool verifies_peer = false;
    std::size_t max_record = 0, hard_max_record = 0;
    std::size_t hello_capture = 0;
};

namespace {

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

struct ListSetter {
    std::string_view what;
    std::string TlsAlgorithms::* list;
    bool (*apply)(SSL_CTX* context, const char* list);
};
constexpr ListSetter kLists[] = {
    {"ciphers", &TlsAlgorithms::ciphers,
     [](SSL_CTX* context, const char* list) { return SSL_CTX_set_cipher_list(context, list) == 1; }},
    {"ciphersuites", &TlsAlgorithms::ciphersuites,
     [](SSL_CTX* context, const char* list) { return SSL_CTX_set_ciphersuites(context, list) == 1; }},
    {"curves", &TlsAlgorithms::curves,
     [](SSL_CTX* context, const char* list) { return SSL_CTX_set1_curves_list(context, list) == 1; }},
    {"sigalgs", &TlsAlgorithms::sigalgs,
     [](SSL_CTX* context, const char* list) { return SSL_CTX_set1_sigalgs_list(context, list) == 1; }},
    {"client-sigalgs", &TlsAlgorithms::client_sigalgs,
     [](SSL_CTX* context, const char* list) { return SSL_CTX_set1_client_sigalgs_list(context, list) == 1; }},
};

common::Result<> configure(SSL_CTX* context, const TlsAlgorithms& algorithms) {
    SSL_CTX_set_min_proto_version(context, version_number(algorithms.min_version));
    SSL_CTX_set_max_proto_version(context, version_number(algorithms.max_version));
    SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                  SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_read_ahead(context, 1);  // a record's head and body in one read
    SSL_CTX_set_options(context, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION |
                                     SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA |
                                     SSL_OP_IGNORE_UNEXPECTED_EOF | SSL_OP_SINGLE_ECDH_USE);
    if (algorithms.security_level >= 0) SSL_CTX_set_security_level(context, algorithms.security_level);
    for (const ListSetter& row : kLists) {
        const std::string& list = algorithms.*row.list;
        if (!list.empty() && !row.apply(context, list.c_str()))
            return refuse_tls(std::string(row.what) + " " + list,
                              "nothing usable in this list (" + openssl_reason() + ")");
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

int on_verify(int good, X509_STORE_CTX* verification) {
    if (good == 1) return 1;
    const auto* const connection = static_cast<const SSL*>(
        X509_STORE_CTX_get_ex_data(verification, SSL_get_ex_data_X509_STORE_CTX_idx()));
    const auto& impl =
        *static_cast<const TlsContext::Impl*>(SSL_CTX_get_app_data(SSL_get_SSL_CTX(connection)));
    return tolerate(verification, impl.ignored_of_authority, impl.ignored_of_client) ? 1 : 0;
}

// The authorities of `ca-file` are named to the client, those of `ca-verify-file` are not.
common::Result<> load_client_authorities(SSL_CTX* context, const TlsServerSettings& settings) {
    for (const std::string& file : {settings.ca_file, settings.ca_verify_file}) {
        if (file.empty()) continue;
        if (auto loaded = load_authorities(context, file); !loaded) return loaded;
    }
    std::error_code error;
    if (settings.name_authorities && std::filesystem::is_regular_file(settings.ca_file, error))
        SSL_CTX_set_client_CA_list(context, SSL_load_client_CA_file(settings.ca_file.c_str()));
    if (settings.crl_file.empty()) return {};
    return load_revocations(context, settings.crl_file);
}

void ask_for_certificate(SSL_CTX* context, const TlsServerSettings& settings) {
    const int optional = settings.verify_optional ? SSL_VERIFY_PEER : SSL_VERIFY_NONE;
    SSL_CTX_set_verify(
        context, settings.verify_required ? SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT : optional,
        on_verify);
}

// A response of its own, or the one beside the certificate.
common::Result<> load_staple(TlsContext::Impl& impl, SSL_CTX* context, const CertificateFiles& files,
                             const CertificateExtras& extras) {
    std::string path = files.ocsp;
    std::error_code error;
    const std::string beside = beside_name(files.chain, ".ocsp", extras);
    if (path.empty() && extras.ocsp && std::filesystem::exists(beside, error)) path = beside;
    if (path.empty()) return {};
    auto loaded = load_ocsp_staple(path);
    if (!loaded) return std::unexpected(loaded.error());
    impl.staples.push_back(std::move(*loaded));
    staple(context, *impl.staples.back());
    return {};
}

common::Result<ContextPointer> make_server_context(TlsContext::Impl& impl, const TlsServerSettings& settings,
                                                   const CertificateFiles& files) {
    ContextPointer context(SSL_CTX_new(TLS_server_method()));
    if (!context) return refuse_tls(files.chain, openssl_reason());
    for (const auto& done : {configure(context.get(), settings.algorithms),
                             load_certificate(context.get(), files, settings.extras),
                             load_dh_parameters(context.get(), settings, files.chain),
                             load_client_authorities(context.get(), settings),
                             load_staple(impl, context.get(), files, settings.extras)})
        if (!done) return std::unexpected(done.error());
    if (settings.prefer_client_ciphers) SSL_CTX_clear_options(context.get(), SSL_OP_CIPHER_SERVER_PREFERENCE);
    ask_for_certificate(context.get(), settings);
    // Part of each session: with the same ticket keys, HAProxy's sessions are resumed here and ours there.
    static constexpr unsigned char kSessionContext[] = "haproxy";
    SSL_CTX_set_session_id_context(context.get(), kSessionContext, sizeof kSessionContext - 1);
    // Sessions live in the client's ticket; a cache of our own would be per process and locked.
    SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
    if (settings.lifetime_s > 0) SSL_CTX_set_timeout(context.get(), settings.lifetime_s);
    SSL_CTX_set_app_data(context.get(), &impl);
    if (settings.keep_secrets) SSL_CTX_set_keylog_callback(context.get(), TlsSession::keep_secret);
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
const std::string& TlsContext::verify_host() const {
    return impl_->verify_host;
}
TlsResumption* TlsContext::resumption() const {
    return impl_->resumption.get();
}
std::size_t TlsContext::hello_capture() const {
    return impl_->hello_capture;
}
std::size_t TlsContext::max_record() const {
    return impl_->max_record;
}
std::size_t TlsContext::hard_max_record() const {
    return impl_->hard_max_record;
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
    impl->hard_max_record = static_cast<std::size_t>(settings.hard_max_record);
    impl->ignored_of_authority = settings.ignored_of_authority;
    impl->ignored_of_client = settings.ignored_of_client;
    impl->hello_capture = static_cast<std::size_t>(settings.hello_capture);
    impl->keys = keys ? std::move(keys) : std::make_shared<TicketKeys>();
    if (!settings.ticket_keys_file.empty()) {
        auto read = TicketKeys::from_file(settings.ticket_keys_file);
        if (!read) return std::unexpected(read.error());
        impl->keys = std::move(*read);
    }
    auto all = single_certificates(settings.crt);
    if (!all) return std::unexpected(all.error());
    if (all->empty()) return common::fail("'ssl' needs a certificate: give 'crt FILE'", common::Side::config);
    for (const CertificateFiles& files : *all) {
        auto context = make_server_context(*impl, settings, files);
        if (!context) return std::unexpected(context.error());
        const int index = static_cast<int>(impl->contexts.size());
        for (const std::string& name : files.names) impl->names.add(name, index);
        if (files.names.empty()) collect_names(context->get(), index, impl->names);
        impl->contexts.push_back(std::move(*context));
    }
    return std::shared_ptr<const TlsContext>(new TlsContext(std::move(impl)));
}

namespace {

// OpenSSL gives us the session to own when 1 is returned.
int on_new_session(SSL* connection, SSL_SESSION* session) {
    const auto& impl =
        *static_cast<const TlsContext::Impl*>(SSL_CTX_get_app_data(SSL_get_SSL_CTX(connection)));
    const char* const name = SSL_get_servername(connection, TLSEXT_NAMETYPE_host_name);
    impl.resumption->keep(name != nullptr ? name : "", session);
    return 1;
}

void keep_sessions(TlsContext::Impl& impl, SSL_CTX* context) {
    impl.resumption = std::make_unique<TlsResumption>();
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(context, on_new_session);
}

common::Result<> verify_servers(SSL_CTX* context, const TlsClientSettings& settings) {
    const std::string& authorities = settings.ca_file.empty() ? "@system-ca" : settings.ca_file;
    if (auto loaded = load_authorities(context, authorities); !loaded) return loaded;
    if (!settings.crl_file.empty())
        if (auto loaded = load_revocations(context, settings.crl_file); !loaded) return loaded;
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
    return {};
}

}  // namespace

common::Result<std::shared_ptr<const TlsContext>> TlsContext::client(const TlsClientSettings& settings) {
    auto impl = std::make_unique<Impl>();
    ContextPointer context(SSL_CTX_new(TLS_client_method()));
    if (!context) return refuse_tls("TLS", openssl_reason());
    if (auto done = configure(context.get(), settings.algorithms); !done)
        return std::unexpected(done.error());
    impl->verifies_peer = settings.verify;
    if (settings.verify) impl->verify_host = settings.verify_host;
    if (settings.verify)
        if (auto done = verify_servers(context.get(), settings); !done) return std::unexpected(done.error());
    if (!settings.crt.chain.empty())
        if (auto done = load_certificate(context.get(), settings.crt, settings.extras); !done)
            return std::unexpected(done.error());
    if (!settings.tickets) SSL_CTX_set_options(context.get(), SSL_OP_NO_TICKET);
    SSL_CTX_set_app_data(context.get(), impl.get());
    if (settings.resume) keep_sessions(*impl, context.get());
    const Protocols protocols = wire_form(settings.alpn);
    if (!protocols.empty())
        SSL_CTX_set_alpn_protos(context.get(), protocols.data(), static_cast<unsigned>(protocols.size()));
    impl->contexts.push_back(std::move(context));
    return std::shared_ptr<const TlsContext>(new TlsContext(std::move(impl)));
}

}  // namespace proxyd::net
