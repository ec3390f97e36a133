// jwt_verify(algorithm,key): whether a token's signature is good (configuration manual 7.3.1; RFC 7515, RFC
// 7518).
#include <openssl/bn.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <array>
#include <cstdio>
#include <memory>
#include <string>

#include "proxyd/rules/base64url.h"
#include "proxyd/rules/registry.h"

namespace proxyd::rules {
namespace {

// Results beside 1 (good) and 0 (not good), as the manual lists them.
enum Failure : int { kUnknownAlgorithm = -1, kUnmanaged = -2, kNoToken = -3, kNoKey = -5 };

enum class Kind : unsigned char { hmac, rsa, ecdsa, pss };
struct Algorithm {
    std::string_view name;
    Kind kind;
    const EVP_MD* (*digest)();
    std::size_t coordinate = 0;  // bytes of r and of s (RFC 7518 section 3.4)
};
constexpr std::array kAlgorithms{
    Algorithm{"HS256", Kind::hmac, EVP_sha256},      Algorithm{"HS384", Kind::hmac, EVP_sha384},
    Algorithm{"HS512", Kind::hmac, EVP_sha512},      Algorithm{"RS256", Kind::rsa, EVP_sha256},
    Algorithm{"RS384", Kind::rsa, EVP_sha384},       Algorithm{"RS512", Kind::rsa, EVP_sha512},
    Algorithm{"PS256", Kind::pss, EVP_sha256},       Algorithm{"PS384", Kind::pss, EVP_sha384},
    Algorithm{"PS512", Kind::pss, EVP_sha512},       Algorithm{"ES256", Kind::ecdsa, EVP_sha256, 32},
    Algorithm{"ES384", Kind::ecdsa, EVP_sha384, 48}, Algorithm{"ES512", Kind::ecdsa, EVP_sha512, 66},
};

const Algorithm* find_algorithm(std::string_view name) {
    const auto* row = std::ranges::find(kAlgorithms, name, &Algorithm::name);
    return row == kAlgorithms.end() ? nullptr : row;
}

struct End {
    void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
    void operator()(EVP_MD_CTX* work) const { EVP_MD_CTX_free(work); }
    void operator()(ECDSA_SIG* signature) const { ECDSA_SIG_free(signature); }
    void operator()(std::FILE* file) const { std::fclose(file); }
};
using KeyPointer = std::unique_ptr<EVP_PKEY, End>;

// The public keys that the configuration names, read with it.
struct PublicKey : Prepared {
    std::string name;
    KeyPointer key;
};

KeyPointer read_key(const std::string& path) {
    const std::unique_ptr<std::FILE, End> file(std::fopen(path.c_str(), "re"));
    return KeyPointer(file ? PEM_read_PUBKEY(file.get(), nullptr, nullptr, nullptr) : nullptr);
}

const unsigned char* bytes(std::string_view text) {
    return reinterpret_cast<const unsigned char*>(text.data());
}

bool verify_hmac(const Algorithm& algorithm, std::string_view key, std::string_view signed_text,
                 std::string_view signature) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> mac{};
    unsigned size = 0;
    return HMAC(algorithm.digest(), key.data(), static_cast<int>(key.size()), bytes(signed_text),
                signed_text.size(), mac.data(), &size) != nullptr &&
           size == signature.size() && CRYPTO_memcmp(mac.data(), signature.data(), size) == 0;
}

// r and s side by side become the DER that OpenSSL wants.
bool to_der(const Algorithm& algorithm, std::string& signature) {
    const std::size_t half = algorithm.coordinate;
    if (signature.size() != 2 * half) return false;
    const std::unique_ptr<ECDSA_SIG, End> pair(ECDSA_SIG_new());
    BIGNUM* const r = BN_bin2bn(bytes(signature), static_cast<int>(half), nullptr);
    BIGNUM* const s = BN_bin2bn(bytes(signature) + half, static_cast<int>(half), nullptr);
    if (pair == nullptr || ECDSA_SIG_set0(pair.get(), r, s) != 1) {
        BN_free(r);
        BN_free(s);
        return false;
    }
    const int size = i2d_ECDSA_SIG(pair.get(), nullptr);
    if (size <= 0) return false;
    signature.resize(static_cast<std::size_t>(size));
    auto* at = reinterpret_cast<unsigned char*>(signature.data());
    return i2d_ECDSA_SIG(pair.get(), &at) == size;
}

bool verify_key(const Algorithm& algorithm, EVP_PKEY* key, std::string_view signed_text,
                std::string signature) {
    const int expected = algorithm.kind == Kind::ecdsa ? EVP_PKEY_EC : EVP_PKEY_RSA;
    if (EVP_PKEY_get_base_id(key) != expected) return false;
    if (algorithm.kind == Kind::ecdsa && !to_der(algorithm, signature)) return false;
    const std::unique_ptr<EVP_MD_CTX, End> work(EVP_MD_CTX_new());
    EVP_PKEY_CTX* parameters = nullptr;
    if (work == nullptr ||
        EVP_DigestVerifyInit(work.get(), &parameters, algorithm.digest(), nullptr, key) != 1)
        return false;
    if (algorithm.kind == Kind::pss &&
        (EVP_PKEY_CTX_set_rsa_padding(parameters, RSA_PKCS1_PSS_PADDING) != 1 ||
         EVP_PKEY_CTX_set_rsa_pss_saltlen(parameters, RSA_PSS_SALTLEN_DIGEST) != 1))
        return false;
    return EVP_DigestVerify(work.get(), bytes(signature), signature.size(), bytes(signed_text),
                            signed_text.size()) == 1;
}

// The text of an argument, or of the variable that it names.
std::string_view value_of(const Context& context, std::string_view text, TextBuffer& buffer, Sample& held) {
    const auto variable = VariableName::parse(text, nullptr);
    if (!variable) return text;
    return get_variable(context, *variable, held) ? to_text(held, buffer) : std::string_view();
}

int verify(const Context& context, const Arguments& arguments, std::string_view token) {
    TextBuffer buffer;
    Sample held;
    const std::string_view name = value_of(context, arguments.text(0), buffer, held);
    const Algorithm* const algorithm = find_algorithm(name);
    if (algorithm == nullptr) return name == "none" ? kUnmanaged : kUnknownAlgorithm;
    const auto first = token.find('.'), last = token.rfind('.');
    std::string signature;
    if (first == std::string_view::npos || first == last ||
        !decode_base64url(token.substr(last + 1), signature) || signature.empty())
        return kNoToken;
    const std::string_view signed_text = token.substr(0, last);
    const PublicKey& key = arguments.prepared<PublicKey>(1);
    if (algorithm->kind == Kind::hmac) {
        const std::string_view secret = value_of(context, key.name, buffer, held);
        return verify_hmac(*algorithm, secret, signed_text, signature) ? 1 : 0;
    }
    if (key.key == nullptr) return kNoKey;
    return verify_key(*algorithm, key.key.get(), signed_text, std::move(signature)) ? 1 : 0;
}

bool convert_verify(const Context& context, const Arguments& arguments, Sample& sample) {
    const int result = verify(context, arguments, sample.text);
    return sample.set_int(result), true;
}

// Keys are read here, so that a missing file is told with its line.
common::Result<> check_verify(Arguments& arguments) {
    const bool from_variable = VariableName::parse(arguments.text(0), nullptr).has_value();
    const Algorithm* const algorithm = find_algorithm(arguments.text(0));
    if (algorithm == nullptr && !from_variable)
        return common::fail(
            "unknown algorithm '" + std::string(arguments.text(0)) + "' (HS256, RS256, ES256, PS256 ...)",
            common::Side::config);
    auto key = std::make_shared<PublicKey>();
    key->name = arguments.text(1);
    if (algorithm == nullptr || algorithm->kind != Kind::hmac) key->key = read_key(key->name);
    if (algorithm != nullptr && algorithm->kind != Kind::hmac && key->key == nullptr)
        return common::fail("'" + key->name + "' is no readable file with a public key",
                            common::Side::config);
    arguments.set(1, std::shared_ptr<const Prepared>(std::move(key)));
    return {};
}

constexpr std::array kRows{
    ConverterRow{"jwt_verify", SampleType::string, SampleType::integer,
                 ArgumentSpec{2, {ArgumentKind::text, ArgumentKind::text}}, convert_verify,
                 "1 when a token's signature is good", check_verify},
};

}  // namespace

std::span<const ConverterRow> jwt_converters() {
    return kRows;
}

}  // namespace proxyd::rules
