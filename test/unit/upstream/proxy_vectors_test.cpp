#include "proxyd/upstream/proxy_vectors.h"

#include <catch2/catch.hpp>

using namespace proxyd;
using namespace proxyd::upstream;
using namespace std::string_literals;

namespace {

ProxyVectorFormat vector_of(int type, const char* format) {
    auto compiled = rules::LogFormat::compile(format, rules::LogUse::text, nullptr, rules::kAtConnect);
    REQUIRE(compiled);
    return {type, *compiled};
}

// What stands behind the addresses of a header for 192.0.2.1.
std::string vectors(const std::vector<ProxyVectorFormat>& formats, unsigned options = 0) {
    common::Arena arena;
    rules::Context context;
    context.arena = &arena;
    context.source = *common::Endpoint::from_ip("192.0.2.1", 1234);
    context.destination = *common::Endpoint::from_ip("198.51.100.2", 80);
    const std::string header = proxy_header_of(context, options, formats);
    constexpr std::size_t kAddresses = 16 + 12;
    REQUIRE(header.size() >= kAddresses);
    const auto length = static_cast<unsigned char>(header[14]) << 8 | static_cast<unsigned char>(header[15]);
    CHECK(header.size() == 16U + static_cast<unsigned>(length));
    return header.substr(kAddresses);
}

}  // namespace

TEST_CASE("Vectors of formats follow the addresses, in order") {
    CHECK(vectors({vector_of(0xe1, "%[src]"), vector_of(0xe2, "fixed")}) ==
          "\xe1\x00\x09"s + "192.0.2.1" + "\xe2\x00\x05"s + "fixed");
}

TEST_CASE("A format without a value makes no vector, nor does one that is too long") {
    CHECK(vectors({vector_of(0xe1, "%[var(txn.none)]")}).empty());
    CHECK(vectors({vector_of(0xe1, std::string(1025, 'x').c_str())}).empty());
    CHECK(vectors({vector_of(0xe1, std::string(1024, 'x').c_str())}).size() == 3 + 1024);
}

TEST_CASE("The checksum covers vectors of formats") {
    const std::string bytes = vectors({vector_of(0xe1, "abc")}, kProxyChecksum);
    REQUIRE(bytes.size() == 6 + 7);
    CHECK(bytes.substr(0, 9) == "\xe1\x00\x03"s + "abc" + "\x03\x00\x04"s);
}
