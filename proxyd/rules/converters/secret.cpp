// hmac, aes_gcm_dec, secure_memcmp, and the hashes crc32c, xxh32, xxh64, xxh3 (configuration manual 7.3.1).
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

#include <array>
#include <memory>

#include "proxyd/rules/hash.h"
#include "proxyd/rules/registry.h"

namespace proxyd::rules {
namespace {

bool decode_base64(std::string_view text, std::string& out) {
    if (text.size() % 4 != 0) return false;
    out.resize(text.size() / 4 * 3);
    const int size =
        EVP_DecodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                        reinterpret_cast<const unsigned char*>(text.data()), static_cast<int>(text.size()));
    if (size < 0) return false;
    std::size_t padding = 0;
    while (padding < 2 && padding < text.size() && text[text.size() - 1 - padding] == '=') ++padding;
    out.resize(static_cast<std::size_t>(size) - padding);
    return true;
}

// A base64 text of the configuration, or the variable that holds one: "txn.key".
bool secret_bytes(const Context& context, const Arguments& arguments, std::size_t i, std::string& out) {
    const std::string_view text = arguments.text(i);
    const auto variable = VariableName::parse(text, nullptr);
    if (!variable) return decode_base64(text, out);
    Sample value;
    if (!get_variable(context, *variable, value)) return false;
    TextBuffer buffer;
    return decode_base64(to_text(value, buffer), out);
}

bool convert_hmac(const Context& context, const Arguments& arguments, Sample& sample) {
    std::string key;
    if (context.arena == nullptr || !secret_bytes(context, arguments, 1, key)) return false;
    std::array<unsigned char, EVP_MAX_MD_SIZE> bytes{};
    unsigned size = 0;
    if (HMAC(EVP_get_digestbyname(arguments.text(0).data()), key.data(), static_cast<int>(key.size()),
             reinterpret_cast<const unsigned char*>(sample.text.data()), sample.text.size(), bytes.data(),
             &size) == nullptr)
        return false;
    return sample.set_binary(context.arena->copy({reinterpret_cast<const char*>(bytes.data()), size})), true;
}

struct CipherEnd {
    void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};

// aes_gcm_dec(bits,nonce,key,tag)
bool convert_aes_gcm(const Context& context, const Arguments& arguments, Sample& sample) {
    std::string nonce, key, tag;
    if (context.arena == nullptr || !secret_bytes(context, arguments, 1, nonce) ||
        !secret_bytes(context, arguments, 2, key) || !secret_bytes(context, arguments, 3, tag))
        return false;
    const std::int64_t bits = arguments.number(0);
    if (key.size() != static_cast<std::size_t>(bits / 8) || tag.size() != 16 || nonce.empty()) return false;
    const EVP_CIPHER* const cipher = bits == 128   ? EVP_aes_128_gcm()
                                     : bits == 192 ? EVP_aes_192_gcm()
                                                   : EVP_aes_256_gcm();
    const std::unique_ptr<EVP_CIPHER_CTX, CipherEnd> work(EVP_CIPHER_CTX_new());
    const auto bytes = [](const std::string& text) {
        return reinterpret_cast<const unsigned char*>(text.data());
    };
    const auto room = context.arena->allocate(sample.text.size() + 16);
    auto* const out = reinterpret_cast<unsigned char*>(room.data());
    int size = 0, rest = 0;
    const bool good =
        work != nullptr && EVP_DecryptInit_ex(work.get(), cipher, nullptr, nullptr, nullptr) == 1 &&
        EVP_CIPHER_CTX_ctrl(work.get(), EVP_CTRL_GCM_SET_IVLEN, static_cast<int>(nonce.size()), nullptr) ==
            1 &&
        EVP_DecryptInit_ex(work.get(), nullptr, nullptr, bytes(key), bytes(nonce)) == 1 &&
        EVP_DecryptUpdate(work.get(), out, &size, reinterpret_cast<const unsigned char*>(sample.text.data()),
                          static_cast<int>(sample.text.size())) == 1 &&
        EVP_CIPHER_CTX_ctrl(work.get(), EVP_CTRL_GCM_SET_TAG, 16, tag.data()) == 1 &&
        EVP_DecryptFinal_ex(work.get(), out + size, &rest) == 1;
    return good && (sample.set_binary({room.data(), static_cast<std::size_t>(size + rest)}), true);
}

// In equal time wherever the first difference is.
bool convert_secure_compare(const Context& context, const Arguments& arguments, Sample& sample) {
    Sample other;
    if (!get_variable(context, arguments.variable(0), other)) return false;
    if (!cast(other, SampleType::binary, context.arena)) return false;
    return sample.set_bool(other.text.size() == sample.text.size() &&
                           CRYPTO_memcmp(other.text.data(), sample.text.data(), other.text.size()) == 0),
           true;
}

template <std::uint32_t (*Hash)(std::string_view)>
bool convert_hash(const Context&, const Arguments& arguments, Sample& sample) {
    const std::uint32_t hash = Hash(sample.text);
    return sample.set_int(arguments.number(0) != 0 ? avalanche(hash) : hash), true;
}
bool convert_xxh32(const Context&, const Arguments& arguments, Sample& sample) {
    const auto seed = static_cast<XXH32_hash_t>(arguments.number(0));
    return sample.set_int(XXH32(sample.text.data(), sample.text.size(), seed)), true;
}
template <XXH64_hash_t (*Hash)(const void*, std::size_t, XXH64_hash_t)>
bool convert_xxh64(const Context&, const Arguments& arguments, Sample& sample) {
    const auto seed = static_cast<XXH64_hash_t>(arguments.number(0));
    const XXH64_hash_t hash = Hash(sample.text.data(), sample.text.size(), seed);
    return sample.set_int(static_cast<std::int64_t>(hash)), true;
}

common::Result<> check_hmac(Arguments& arguments) {
    if (EVP_get_digestbyname(arguments.text(0).data()) != nullptr) return {};
    return common::fail("OpenSSL knows no digest '" + std::string(arguments.text(0)) + "'",
                        common::Side::config);
}
common::Result<> check_aes_gcm(Arguments& arguments) {
    const std::int64_t bits = arguments.number(0);
    if (bits == 128 || bits == 192 || bits == 256) return {};
    return common::fail("the key has 128, 192 or 256 bits", common::Side::config);
}

constexpr auto kText = ArgumentKind::text;
constexpr ArgumentSpec kSeed{0, {ArgumentKind::number}};
constexpr auto kBinary = SampleType::binary;
constexpr auto kInteger = SampleType::integer;

constexpr std::array kRows{
    ConverterRow{"hmac", kBinary, kBinary, ArgumentSpec{2, {kText, kText}}, convert_hmac,
                 "a message authentication code", check_hmac},
    ConverterRow{"aes_gcm_dec", kBinary, kBinary,
                 ArgumentSpec{4, {ArgumentKind::number, kText, kText, kText}}, convert_aes_gcm,
                 "decrypted by AES-GCM", check_aes_gcm},
    ConverterRow{"secure_memcmp", kBinary, SampleType::boolean, ArgumentSpec{1, {ArgumentKind::variable}},
                 convert_secure_compare, "equal to a variable, found out in equal time"},
    ConverterRow{"crc32c", kBinary, kInteger, kSeed, convert_hash<crc32c>, "the CRC of RFC 4960"},
    ConverterRow{"xxh32", kBinary, kInteger, kSeed, convert_xxh32, "the XXH32 hash"},
    ConverterRow{"xxh64", kBinary, kInteger, kSeed, convert_xxh64<XXH64>, "the XXH64 hash"},
    ConverterRow{"xxh3", kBinary, kInteger, kSeed, convert_xxh64<XXH3_64bits_withSeed>, "the XXH3 hash"},
};

}  // namespace

std::span<const ConverterRow> secret_converters() {
    return kRows;
}

}  // namespace proxyd::rules
