#include "proxyd/balance/source.h"

#include <arpa/inet.h>

#include <cstring>

#include "proxyd/balance/arguments.h"
#include "proxyd/balance/hash.h"

namespace proxyd::balance {

namespace {

// The exclusive or of the address's 32-bit words, so that an IPv4 address is its own hash.
std::optional<std::uint32_t> fold(const void* address, std::size_t words) {
    std::uint32_t hash = 0;
    for (std::size_t i = 0; i < words; ++i) {
        std::uint32_t word = 0;
        std::memcpy(&word, static_cast<const char*>(address) + i * sizeof(word), sizeof(word));
        hash ^= ntohl(word);
    }
    return hash;
}

class Source final : public HashAlgorithm {
    std::optional<std::uint32_t> hash(const rules::Context& context) const override {
        const common::Endpoint& source = context.source;
        if (source.family() == AF_INET) return fold(&source.v4().sin_addr, 1);
        if (source.family() == AF_INET6) return fold(&source.v6().sin6_addr, 4);
        return std::nullopt;
    }
};

}  // namespace

common::Result<std::unique_ptr<Algorithm>> make_source(std::string_view parameter,
                                                       std::span<const std::string> words) {
    if (auto plain = no_arguments("source", parameter, words); !plain) return std::unexpected(plain.error());
    return std::make_unique<Source>();
}

}  // namespace proxyd::balance
