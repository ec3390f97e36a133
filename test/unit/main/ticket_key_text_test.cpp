#include "proxyd/main/ticket_key_text.h"

#include <catch2/catch.hpp>

using namespace proxyd::main;

namespace {

bool same(const TicketKeyList& a, const TicketKeyList& b) {
    return std::ranges::equal(a, b, [](const auto& x, const auto& y) {
        return x.name == y.name && x.cipher == y.cipher && x.mac == y.mac;
    });
}

}  // namespace

TEST_CASE("ticket keys survive the way through text") {
    const TicketKeyList one = next_keys({});
    const TicketKeyList two = next_keys(one);
    REQUIRE(two.size() == 2);
    CHECK(same({two[1]}, one));
    const std::string text = to_text(two);
    CHECK(text.size() == 320);
    CHECK(same(keys_from_text(text), two));
    CHECK(keys_from_text("").empty());
}

TEST_CASE("what is no list of ticket keys is none") {
    std::string text = to_text(next_keys({}));
    CHECK(keys_from_text(text.substr(1)).empty());
    text[17] = 'x';
    CHECK(keys_from_text(text).empty());
}

TEST_CASE("a few old keys are kept, not all") {
    TicketKeyList keys;
    for (int i = 0; i < 10; ++i) keys = next_keys(keys);
    CHECK(keys.size() == proxyd::net::TicketKeys::kKept);
}
