#include "proxyd/upstream/proxy_vectors.h"

#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <algorithm>
#include <array>

#include "proxyd/net/proxy_protocol.h"
#include "proxyd/rules/hash.h"
#include "proxyd/upstream/proxy_header.h"

namespace proxyd::upstream {
namespace {

struct OptionRow {
    std::string_view name;
    unsigned bits;
};
constexpr std::array kOptions{
    OptionRow{"ssl", kProxyTls},
    OptionRow{"cert-cn", kProxyTls | kProxyCommonName},
    OptionRow{"ssl-cipher", kProxyTls | kProxyCipher},
    OptionRow{"cert-sig", kProxyTls | kProxySignature},
    OptionRow{"cert-key", kProxyTls | kProxyKey},
    OptionRow{"authority", kProxyAuthority},
    OptionRow{"crc32c", kProxyChecksum},
    OptionRow{"unique-id", kProxyUniqueId},
};

using net::ProxyVector;

enum SslClient : unsigned char { kClientTls = 1, kClientCertificate = 2, kClientSession = 4 };
constexpr std::size_t kLongestVector = 1024;
constexpr std::size_t kLengthAt = 14;  // in the header, two bytes

void add(std::string& out, ProxyVector type, std::string_view value) {
    out += static_cast<char>(type);
    out += static_cast<char>(value.size() >> 8);
    out += static_cast<char>(value.size());
    out += value;
}

std::string common_name(X509* certificate) {
    std::array<char, 256> text{};
    const int size = X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName,
                                               text.data(), static_cast<int>(text.size()));
    return size > 0 ? std::string(text.data(), static_cast<std::size_t>(size)) : std::string();
}

std::string key_name(X509* certificate) {
    EVP_PKEY* const key = X509_get0_pubkey(certificate);
    if (key == nullptr) return {};
    const std::string_view kind = EVP_PKEY_get_base_id(key) == EVP_PKEY_EC ? "EC" : "RSA";
    return std::string(kind) + std::to_string(EVP_PKEY_get_bits(key));
}

std::string tls_vector(const net::TlsInfo& info, unsigned options) {
    X509* const certificate = info.native != nullptr ? SSL_get0_peer_certificate(info.native) : nullptr;
    std::string out;
    out += static_cast<char>(kClientTls | (certificate != nullptr ? kClientCertificate | kClientSession : 0));
    // 0 when a certificate was shown and is good.
    const bool verified = certificate != nullptr && SSL_get_verify_result(info.native) == X509_V_OK;
    out += std::string("\0\0\0", 3);
    out += static_cast<char>(verified ? 0 : 1);
    add(out, ProxyVector::ssl_version, info.version);
    if (certificate != nullptr && (options & kProxyCommonName) != 0)
        add(out, ProxyVector::ssl_common_name, common_name(certificate));
    if (certificate != nullptr && (options & kProxyKey) != 0)
        add(out, ProxyVector::ssl_key, key_name(certificate));
    if (certificate != nullptr && (options & kProxySignature) != 0)
        add(out, ProxyVector::ssl_signature, OBJ_nid2sn(X509_get_signature_nid(certificate)));
    if ((options & kProxyCipher) != 0) add(out, ProxyVector::ssl_cipher, info.cipher);
    return out;
}

}  // namespace

std::optional<unsigned> proxy_option(std::string_view name) {
    const auto* row = std::ranges::find(kOptions, name, &OptionRow::name);
    return row == kOptions.end() ? std::nullopt : std::optional(row->bits);
}

std::string proxy_header_of(const rules::Context& context, unsigned options,
                            std::span<const ProxyVectorFormat> more) {
    std::string header = proxy_header_v2(context.source, context.destination);
    const bool local = (header[12] & 1) == 0;
    if (local) return header;
    const net::TlsInfo* const tls = context.tls ? context.tls_info : nullptr;
    std::string vectors;
    if (tls != nullptr && !tls->alpn.empty()) add(vectors, ProxyVector::alpn, tls->alpn);
    if ((options & kProxyAuthority) != 0 && tls != nullptr && !tls->sni.empty())
        add(vectors, ProxyVector::authority, tls->sni);
    if ((options & kProxyUniqueId) != 0 && !context.unique_id.empty())
        add(vectors, ProxyVector::unique_id, context.unique_id.substr(0, 128));
    if ((options & kProxyTls) != 0 && tls != nullptr)
        add(vectors, ProxyVector::ssl, tls_vector(*tls, options));
    for (const ProxyVectorFormat& vector : more) {
        std::string value;
        vector.value.render(context, value);
        if (!value.empty() && value.size() <= kLongestVector)
            add(vectors, static_cast<ProxyVector>(vector.type), value);
    }
    if ((options & kProxyChecksum) != 0) add(vectors, ProxyVector::crc32c, std::string_view("\0\0\0\0", 4));
    header += vectors;
    const std::size_t size = header.size() - kLengthAt - 2;
    header[kLengthAt] = static_cast<char>(size >> 8);
    header[kLengthAt + 1] = static_cast<char>(size);
    if ((options & kProxyChecksum) != 0) {
        const std::uint32_t sum =
            rules::crc32c(header);  // over the header with zeroes in its place, at the end
        for (std::size_t i = 0; i < 4; ++i)
            header[header.size() - 4 + i] = static_cast<char>(sum >> (24 - 8 * i));
    }
    return header;
}

}  // namespace proxyd::upstream
