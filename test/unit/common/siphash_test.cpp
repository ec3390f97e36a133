#include "common/siphash.h"

#include <catch2/catch.hpp>
#include <string>

// The vectors of the authors' reference: key 00 01 .. 0f, inputs of the bytes 00 01 02 ...
TEST_CASE("siphash gives the numbers of its reference") {
    const common::SipKey key{0x0706050403020100, 0x0f0e0d0c0b0a0908};
    std::string input;
    for (char c = 0; c < 15; ++c) input.push_back(c);
    CHECK(common::siphash(key, "") == 0x726fdb47dd0e0e31);
    CHECK(common::siphash(key, input.substr(0, 1)) == 0x74f839c593dc67fd);
    CHECK(common::siphash(key, input.substr(0, 8)) == 0x93f5f5799a932462);
    CHECK(common::siphash(key, input) == 0xa129ca6149be45e5);
}
