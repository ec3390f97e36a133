// Fetches of details of TLS connections on both sides (configuration manual 7.3.4), asked of OpenSSL when
// needed.
#include <openssl/err.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <array>
#include <string>

#include "proxyd/rules/registry.h"

namespace proxyd::rules {
namespace {

using Info = const net::TlsInfo* Context::*;

SSL* native(const Context& context, Info info) {
    return context.*info != nullptr ? (context.*info)->native : nullptr;
}

template <Info info, std::string net::TlsInfo::* member>
bool fetch_text(const Context& context, const Arguments&, Cursor&, Sample& out) {
    if (context.*info == nullptr || (context.*info->*member).empty()) return false;
    return out.set_text(context.*info->*member), true;
}

bool fetch_server_tls(const Context& context, const Arguments&, Cursor&, Sample& out) {
    return out.set_bool(context.server_tls != nullptr), true;
}
bool fetch_server_resumed(const Context& context, const Arguments&, Cursor&, Sample& out) {
    return out.set_bool(context.server_tls != nullptr && context.server_tls->resumed), true;
}

// Bits of the cipher's key: as its algorithm has, or as are secret.
template <Info info, bool algorithm>
bool fetch_key_size(const Context& context, const Arguments&, Cursor&, Sample& out) {
    SSL* const tls = native(context, info);
    if (tls == nullptr) return false;
    int bits = 0;
    const int secret = SSL_get_cipher_bits(tls, &bits);
    return out.set_int(algorithm ? bits : secret), true;
}

// Bytes that `read(tls, buffer, size)` copies.
template <std::size_t (*read)(const SSL*, unsigned char*, std::size_t), Info info>
bool fetch_bytes(const Context& context, const Arguments&, Cursor&, Sample& out) {
    SSL* const tls = native(context, info);
    std::array<unsigned char, 64> bytes{};
    if (tls == nullptr || context.arena == nullptr) return false;
    const std::size_t size = std::min(read(tls, bytes.data(), bytes.size()), bytes.size());
    return size > 0 &&
           (out.set_binary(context.arena->copy({reinterpret_cast<const char*>(bytes.data()), size})), true);
}

std::size_t read_session_id(const SSL* tls, unsigned char* into, std::size_t size) {
    const SSL_SESSION* const session = SSL_get_session(tls);
    unsigned length = 0;
    const unsigned char* const id = session != nullptr ? SSL_SESSION_get_id(session, &length) : nullptr;
    if (id == nullptr || length > size) return 0;
    std::copy_n(id, length, into);
    return length;
}
std::size_t read_session_key(const SSL* tls, unsigned char* into, std::size_t size) {
    const SSL_SESSION* const session = SSL_get_session(tls);
    return session != nullptr ? SSL_SESSION_get_master_key(session, into, size) : 0;
}
// The first Finished message (RFC 5929 section 3): the client's, or the server's after a resumption.
std::size_t read_unique_id(const SSL* tls, unsigned char* into, std::size_t size) {
    const bool ours = (SSL_is_server(tls) == 0) != (SSL_session_reused(tls) == 1);
    return ours ? SSL_get_finished(tls, into, size) : SSL_get_peer_finished(tls, into, size);
}

bool fetch_early(const Context& context, const Arguments&, Cursor&, Sample& out) {
    return out.set_bool(false), context.tls;  // early data is not taken
}
bool fetch_error_text(const Context& context, const Arguments&, Cursor&, Sample& out) {
    if (!context.tls || context.tls_error == 0 || context.arena == nullptr) return false;
    std::array<char, 256> text{};
    ERR_error_string_n(context.tls_error, text.data(), text.size());
    return out.set_text(context.arena->copy(text.data())), true;
}
// A handshake with a server that failed leaves no connection to ask.
bool fetch_server_error(const Context& context, const Arguments&, Cursor&, Sample& out) {
    return out.set_int(0), context.server_tls != nullptr;
}
bool fetch_server_error_text(const Context& context, const Arguments&, Cursor&, Sample& out) {
    return out.set_text(""), context.server_tls != nullptr;
}

constexpr ArgumentSpec kNone{};
constexpr auto kTls = Source::tls;
constexpr auto kServer = Source::server_connection;
constexpr auto kBinary = SampleType::binary;
constexpr auto kString = SampleType::string;
constexpr auto kInteger = SampleType::integer;
constexpr auto kBoolean = SampleType::boolean;
constexpr Info kFront = &Context::tls_info;
constexpr Info kBack = &Context::server_tls;

constexpr std::array kRows{
    FetchRow{"ssl_fc_alg_keysize", kInteger, kTls, kNone, fetch_key_size<kFront, true>,
             "bits of the cipher's key"},
    FetchRow{"ssl_fc_use_keysize", kInteger, kTls, kNone, fetch_key_size<kFront, false>, "secret bits of it"},
    FetchRow{"ssl_fc_client_random", kBinary, kTls, kNone, fetch_bytes<SSL_get_client_random, kFront>,
             "random bytes of the client"},
    FetchRow{"ssl_fc_server_random", kBinary, kTls, kNone, fetch_bytes<SSL_get_server_random, kFront>,
             "random bytes of this side"},
    FetchRow{"ssl_fc_session_id", kBinary, kTls, kNone, fetch_bytes<read_session_id, kFront>,
             "the session's id"},
    FetchRow{"ssl_fc_session_key", kBinary, kTls, kNone, fetch_bytes<read_session_key, kFront>,
             "the session's master key"},
    FetchRow{"ssl_fc_unique_id", kBinary, kTls, kNone, fetch_bytes<read_unique_id, kFront>,
             "tls-unique of RFC 5929"},
    FetchRow{"ssl_fc_has_early", kBoolean, kTls, kNone, fetch_early, "early data came"},
    FetchRow{"ssl_fc_err_str", kString, kTls, kNone, fetch_error_text, "ssl_fc_err in words"},
    FetchRow{"ssl_bc", kBoolean, kServer, kNone, fetch_server_tls, "the server speaks TLS"},
    FetchRow{"ssl_bc_is_resumed", kBoolean, kServer, kNone, fetch_server_resumed,
             "an earlier session went on"},
    FetchRow{"ssl_bc_alpn", kString, kServer, kNone, fetch_text<kBack, &net::TlsInfo::alpn>,
             "the ALPN protocol"},
    FetchRow{"ssl_bc_cipher", kString, kServer, kNone, fetch_text<kBack, &net::TlsInfo::cipher>,
             "the cipher"},
    FetchRow{"ssl_bc_protocol", kString, kServer, kNone, fetch_text<kBack, &net::TlsInfo::version>,
             "TLSv1.3"},
    FetchRow{"ssl_bc_alg_keysize", kInteger, kServer, kNone, fetch_key_size<kBack, true>,
             "bits of the cipher's key"},
    FetchRow{"ssl_bc_use_keysize", kInteger, kServer, kNone, fetch_key_size<kBack, false>,
             "secret bits of it"},
    FetchRow{"ssl_bc_client_random", kBinary, kServer, kNone, fetch_bytes<SSL_get_client_random, kBack>,
             "random bytes of this side"},
    FetchRow{"ssl_bc_server_random", kBinary, kServer, kNone, fetch_bytes<SSL_get_server_random, kBack>,
             "random bytes of the server"},
    FetchRow{"ssl_bc_session_id", kBinary, kServer, kNone, fetch_bytes<read_session_id, kBack>,
             "the session's id"},
    FetchRow{"ssl_bc_session_key", kBinary, kServer, kNone, fetch_bytes<read_session_key, kBack>,
             "the session's master key"},
    FetchRow{"ssl_bc_unique_id", kBinary, kServer, kNone, fetch_bytes<read_unique_id, kBack>,
             "tls-unique of RFC 5929"},
    FetchRow{"ssl_bc_err", kInteger, kServer, kNone, fetch_server_error, "error of the server's TLS"},
    FetchRow{"ssl_bc_err_str", kString, kServer, kNone, fetch_server_error_text, "ssl_bc_err in words"},
};

}  // namespace

std::span<const FetchRow> tls_detail_fetches() {
    return kRows;
}

}  // namespace proxyd::rules
