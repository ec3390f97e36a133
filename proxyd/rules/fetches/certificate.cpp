// Fetches of the client's certificate (ssl_c_*), of ours (ssl_f_*) and of the server's (ssl_s_*):
// configuration manual 7.3.4.
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <algorithm>
#include <array>
#include <deque>
#include <string>
#include <vector>

#include "proxyd/net/certificate_errors.h"
#include "proxyd/rules/ascii.h"
#include "proxyd/rules/registry.h"

namespace proxyd::rules {
namespace {

enum class Whose : unsigned char { client, own, server };

// Null without one. The connection owns it.
X509* certificate(const Context& context, Whose whose) {
    const net::TlsInfo* info = whose == Whose::server ? context.server_tls : context.tls_info;
    if (info == nullptr || info->native == nullptr) return nullptr;
    return whose == Whose::own ? SSL_get_certificate(info->native) : SSL_get0_peer_certificate(info->native);
}

std::string_view bytes_of(const ASN1_STRING* text) {
    return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
            static_cast<std::size_t>(ASN1_STRING_length(text))};
}

// What i2d_* writes.
template <class Write>
bool encoded(const Context& context, Write write, Sample& out) {
    const int size = write(nullptr);
    if (size <= 0 || context.arena == nullptr) return false;
    std::string bytes(static_cast<std::size_t>(size), '\0');
    auto* at = reinterpret_cast<unsigned char*>(bytes.data());
    write(&at);
    return out.set_binary(context.arena->copy(bytes)), true;
}

using Take = bool (*)(const Context&, X509*, const Arguments&, Sample&);

template <Whose whose, Take take>
bool fetch(const Context& context, const Arguments& arguments, Cursor&, Sample& out) {
    X509* const found = certificate(context, whose);
    return found != nullptr && context.arena != nullptr && take(context, found, arguments, out);
}

bool take_der(const Context& context, X509* of, const Arguments&, Sample& out) {
    return encoded(context, [of](unsigned char** at) { return i2d_X509(of, at); }, out);
}
bool take_serial(const Context& context, X509* of, const Arguments&, Sample& out) {
    return out.set_binary(context.arena->copy(bytes_of(X509_get0_serialNumber(of)))), true;
}
bool take_sha1(const Context& context, X509* of, const Arguments&, Sample& out) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned size = 0;
    if (X509_digest(of, EVP_sha1(), digest.data(), &size) != 1) return false;
    return out.set_binary(context.arena->copy({reinterpret_cast<const char*>(digest.data()), size})), true;
}
bool take_version(const Context&, X509* of, const Arguments&, Sample& out) {
    return out.set_int(X509_get_version(of) + 1), true;
}
bool take_signature(const Context&, X509* of, const Arguments&, Sample& out) {
    const char* name = OBJ_nid2sn(X509_get_signature_nid(of));
    return name != nullptr && (out.set_text(name), true);
}
bool take_key(const Context&, X509* of, const Arguments&, Sample& out) {
    ASN1_OBJECT* algorithm = nullptr;
    if (X509_PUBKEY_get0_param(&algorithm, nullptr, nullptr, nullptr, X509_get_X509_PUBKEY(of)) != 1)
        return false;
    const char* name = OBJ_nid2sn(OBJ_obj2nid(algorithm));
    return name != nullptr && (out.set_text(name), true);
}

// "YYMMDDhhmmss[Z]": UTCTime as it is, GeneralizedTime without its century.
bool time_text(const Context& context, const ASN1_TIME* time, Sample& out) {
    std::string_view text = bytes_of(time);
    if (ASN1_STRING_type(time) == V_ASN1_GENERALIZEDTIME && text.size() > 2) text.remove_prefix(2);
    return out.set_text(context.arena->copy(text)), true;
}
bool take_not_before(const Context& context, X509* of, const Arguments&, Sample& out) {
    return time_text(context, X509_get0_notBefore(of), out);
}
bool take_not_after(const Context& context, X509* of, const Arguments&, Sample& out) {
    return time_text(context, X509_get0_notAfter(of), out);
}

std::string_view short_name(X509_NAME_ENTRY* entry) {
    const char* name = OBJ_nid2sn(OBJ_obj2nid(X509_NAME_ENTRY_get_object(entry)));
    return name != nullptr ? name : "";
}

// One entry of a name: the n-th of that kind, from the end when negative.
bool entry_of(X509_NAME* name, std::string_view kind, std::int64_t occurrence, std::string_view& out) {
    const int count = X509_NAME_entry_count(name);
    const bool backwards = occurrence < 0;
    std::int64_t left = backwards ? -occurrence : std::max<std::int64_t>(occurrence, 1);
    for (int i = 0; i < count; ++i) {
        X509_NAME_ENTRY* const entry = X509_NAME_get_entry(name, backwards ? count - 1 - i : i);
        if (!same_text(short_name(entry), kind, true) || --left > 0) continue;
        out = bytes_of(X509_NAME_ENTRY_get_data(entry));
        return true;
    }
    return false;
}

// The whole name "/C=FR/O=example", one entry of it, or with "rfc2253" in that form.
bool name_text(const Context& context, X509_NAME* name, const Arguments& arguments, Sample& out) {
    const std::string_view kind = arguments.text(0);
    if (!kind.empty()) {
        std::string_view value;
        if (!entry_of(name, kind, arguments.number(1, 1), value)) return false;
        return out.set_text(context.arena->copy(value)), true;
    }
    std::string text;
    if (arguments.text(2) == "rfc2253") {
        BIO* const memory = BIO_new(BIO_s_mem());
        X509_NAME_print_ex(memory, name, 0, XN_FLAG_RFC2253);
        char* data = nullptr;
        const long size = BIO_get_mem_data(memory, &data);
        text.assign(data, static_cast<std::size_t>(std::max(size, 0L)));
        BIO_free(memory);
    } else {
        for (int i = 0; i < X509_NAME_entry_count(name); ++i) {
            X509_NAME_ENTRY* const entry = X509_NAME_get_entry(name, i);
            text.append("/").append(short_name(entry)).append("=");
            text += bytes_of(X509_NAME_ENTRY_get_data(entry));
        }
    }
    return out.set_text(context.arena->copy(text)), true;
}
bool take_subject(const Context& context, X509* of, const Arguments& arguments, Sample& out) {
    return name_text(context, X509_get_subject_name(of), arguments, out);
}
bool take_issuer(const Context& context, X509* of, const Arguments& arguments, Sample& out) {
    return name_text(context, X509_get_issuer_name(of), arguments, out);
}

// All certificates of the other side, one after the other; a client's own is not among them, as in HAProxy.
template <Whose whose>
bool fetch_chain(const Context& context, const Arguments&, Cursor&, Sample& out) {
    const net::TlsInfo* info = whose == Whose::server ? context.server_tls : context.tls_info;
    if (certificate(context, whose) == nullptr || context.arena == nullptr) return false;
    std::string bytes;
    Sample one;
    const STACK_OF(X509)* const chain = SSL_get_peer_cert_chain(info->native);
    for (int i = 0; i < sk_X509_num(chain); ++i)
        if (take_der(context, sk_X509_value(chain, i), {}, one)) bytes += one.text;
    return out.set_binary(context.arena->copy(bytes)), true;
}

bool fetch_has_certificate(const Context& context, const Arguments&, Cursor&, Sample& out) {
    return out.set_bool(certificate(context, Whose::client) != nullptr), context.tls;
}
// A failed verification ends the handshake: who is served has passed, showed no certificate, or its error is
// ignored.
bool fetch_verified(const Context& context, const Arguments&, Cursor&, Sample& out) {
    const net::TlsInfo* info = context.tls_info;
    out.set_int(info != nullptr && info->native != nullptr ? SSL_get_verify_result(info->native) : 0);
    return context.tls;
}
// The first one that was put up with (ca-ignore-err, crt-ignore-err).
template <int net::SeenErrors::* which>
bool fetch_error(const Context& context, const Arguments&, Cursor&, Sample& out) {
    const net::TlsInfo* info = context.tls_info;
    const bool known = info != nullptr && info->native != nullptr;
    out.set_int(known ? net::seen_errors(info->native).*which : 0);
    return context.tls;
}

common::Result<> check_format(Arguments& arguments) {
    const std::string_view format = arguments.text(2);
    if (format.empty() || format == "rfc2253") return {};
    return common::fail("the only other format of a name is 'rfc2253'", common::Side::config);
}

constexpr ArgumentSpec kNone{};
constexpr ArgumentSpec kEntry{0, {ArgumentKind::text, ArgumentKind::number, ArgumentKind::text}};
constexpr auto kTls = Source::tls;
constexpr auto kBinary = SampleType::binary;
constexpr auto kString = SampleType::string;
constexpr auto kInteger = SampleType::integer;

struct CertificateRow {
    std::string_view name;
    SampleType type;
    ArgumentSpec arguments;
    bool (*fetch)(const Context&, const Arguments&, Cursor&, Sample&);
    std::string_view help;
    common::Result<> (*check)(Arguments&) = nullptr;
};

// The same of each certificate, behind the prefix of whose it is.
template <Whose whose>
constexpr std::array kEach{
    CertificateRow{"der", kBinary, kNone, fetch<whose, take_der>, "the certificate, DER"},
    CertificateRow{"i_dn", kString, kEntry, fetch<whose, take_issuer>, "the issuer's name", check_format},
    CertificateRow{"s_dn", kString, kEntry, fetch<whose, take_subject>, "the subject's name", check_format},
    CertificateRow{"key_alg", kString, kNone, fetch<whose, take_key>, "algorithm of the key"},
    CertificateRow{"notafter", kString, kNone, fetch<whose, take_not_after>, "YYMMDDhhmmss"},
    CertificateRow{"notbefore", kString, kNone, fetch<whose, take_not_before>, "YYMMDDhhmmss"},
    CertificateRow{"serial", kBinary, kNone, fetch<whose, take_serial>, "the serial number"},
    CertificateRow{"sha1", kBinary, kNone, fetch<whose, take_sha1>, "SHA-1 of the certificate"},
    CertificateRow{"sig_alg", kString, kNone, fetch<whose, take_signature>, "algorithm of the signature"},
    CertificateRow{"version", kInteger, kNone, fetch<whose, take_version>, "version of the form"},
};

constexpr std::array kRows{
    FetchRow{"ssl_c_chain_der", kBinary, kTls, kNone, fetch_chain<Whose::client>, "the whole chain, DER"},
    FetchRow{"ssl_s_chain_der", kBinary, kTls, kNone, fetch_chain<Whose::server>, "the whole chain, DER"},
    FetchRow{"ssl_fc_has_crt", SampleType::boolean, kTls, kNone, fetch_has_certificate,
             "with client certificate"},
    FetchRow{"ssl_c_used", SampleType::boolean, kTls, kNone, fetch_has_certificate,
             "with client certificate"},
    FetchRow{"ssl_c_verify", kInteger, kTls, kNone, fetch_verified, "result of the verification, 0 is good"},
    FetchRow{"ssl_c_err", kInteger, kTls, kNone, fetch_error<&net::SeenErrors::certificate>,
             "certificate error"},
    FetchRow{"ssl_c_ca_err", kInteger, kTls, kNone, fetch_error<&net::SeenErrors::authority>, "chain error"},
    FetchRow{"ssl_c_ca_err_depth", kInteger, kTls, kNone, fetch_error<&net::SeenErrors::authority_depth>,
             "where in the chain"},
};

// Rows keep views of their names.
template <Whose whose>
void add_rows(std::string_view prefix, std::deque<std::string>& names, std::vector<FetchRow>& out) {
    for (const CertificateRow& row : kEach<whose>)
        out.push_back({names.emplace_back(std::string(prefix).append(row.name)), row.type, kTls,
                       row.arguments, row.fetch, row.help, row.check});
}

}  // namespace

std::span<const FetchRow> certificate_fetches() {
    static std::deque<std::string> names;
    static const std::vector<FetchRow> rows = [] {
        std::vector<FetchRow> out(kRows.begin(), kRows.end());
        add_rows<Whose::client>("ssl_c_", names, out);
        add_rows<Whose::own>("ssl_f_", names, out);
        add_rows<Whose::server>("ssl_s_", names, out);
        return out;
    }();
    return rows;
}

}  // namespace proxyd::rules
