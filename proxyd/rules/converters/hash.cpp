// Hash converters (configuration manual 7.3.1): short ones by hand, digests by OpenSSL.
#include <openssl/evp.h>

#include <array>

#include "proxyd/rules/hash.h"
#include "proxyd/rules/registry.h"

namespace proxyd::rules {
namespace {

std::uint32_t sdbm_of(std::string_view text) {
    return sdbm(text);
}

template <std::uint32_t (*Hash)(std::string_view)>
bool convert_hash(const Context&, const Arguments& arguments, Sample& sample) {
    const std::uint32_t hash = Hash(sample.text);
    return sample.set_int(arguments.number(0) != 0 ? avalanche(hash) : hash), true;
}

bool digest(const Context& context, const EVP_MD* method, Sample& sample) {
    if (context.arena == nullptr || method == nullptr) return false;
    std::array<unsigned char, EVP_MAX_MD_SIZE> bytes{};
    unsigned size = 0;
    if (EVP_Digest(sample.text.data(), sample.text.size(), bytes.data(), &size, method, nullptr) != 1)
        return false;
    sample.set_binary(context.arena->copy({reinterpret_cast<const char*>(bytes.data()), size}));
    return true;
}

bool convert_digest(const Context& context, const Arguments& arguments, Sample& sample) {
    return digest(context, EVP_get_digestbyname(arguments.text(0).data()), sample);
}
bool convert_sha1(const Context& context, const Arguments&, Sample& sample) {
    return digest(context, EVP_sha1(), sample);
}
bool convert_sha2(const Context& context, const Arguments& arguments, Sample& sample) {
    switch (arguments.number(0, 256)) {
        case 224:
            return digest(context, EVP_sha224(), sample);
        case 256:
            return digest(context, EVP_sha256(), sample);
        case 384:
            return digest(context, EVP_sha384(), sample);
        default:
            return digest(context, EVP_sha512(), sample);
    }
}

common::Result<> check_digest(Arguments& arguments) {
    if (EVP_get_digestbyname(arguments.text(0).data()) != nullptr) return {};
    return common::fail("OpenSSL knows no digest '" + std::string(arguments.text(0)) + "'",
                        common::Side::config);
}
common::Result<> check_sha2(Arguments& arguments) {
    const std::int64_t bits = arguments.number(0, 256);
    if (bits != 224 && bits != 256 && bits != 384 && bits != 512)
        return common::fail("the size must be 224, 256, 384 or 512", common::Side::config);
    return {};
}

constexpr ArgumentSpec kOptionalNumber{0, {ArgumentKind::number}};
constexpr ArgumentSpec kText{1, {ArgumentKind::text}};
constexpr SampleType kBinary = SampleType::binary;
constexpr SampleType kInteger = SampleType::integer;

constexpr std::array kRows{
    ConverterRow{"sdbm", kBinary, kInteger, kOptionalNumber, convert_hash<sdbm_of>, "the SDBM hash, 32 bits"},
    ConverterRow{"djb2", kBinary, kInteger, kOptionalNumber, convert_hash<djb2>, "the DJB2 hash, 32 bits"},
    ConverterRow{"crc32", kBinary, kInteger, kOptionalNumber, convert_hash<crc32>, "the CRC of RFC 1952"},
    ConverterRow{"wt6", kBinary, kInteger, kOptionalNumber, convert_hash<wt6>, "the WT6 hash, 32 bits"},
    ConverterRow{"digest", kBinary, kBinary, kText, convert_digest, "a digest that OpenSSL knows",
                 check_digest},
    ConverterRow{"sha1", kBinary, kBinary, {}, convert_sha1, "the SHA-1 digest"},
    ConverterRow{"sha2", kBinary, kBinary, kOptionalNumber, convert_sha2, "a SHA-2 digest", check_sha2},
};

}  // namespace

std::span<const ConverterRow> hash_converters() {
    return kRows;
}

}  // namespace proxyd::rules
