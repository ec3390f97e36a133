#include "common/siphash.h"

#include <sys/random.h>

#include <bit>
#include <chrono>
#include <cstring>

namespace common {

namespace {

struct State {
    std::uint64_t a, b, c, d;

    void rounds(int count) {
        while (count-- > 0) {
            a += b, b = std::rotl(b, 13) ^ a, a = std::rotl(a, 32);
            c += d, d = std::rotl(d, 16) ^ c;
            a += d, d = std::rotl(d, 21) ^ a;
            c += b, b = std::rotl(b, 17) ^ c, c = std::rotl(c, 32);
        }
    }
    void take(std::uint64_t word) {
        d ^= word;
        rounds(2);
        a ^= word;
    }
};

std::uint64_t load(const char* from, std::size_t count) {
    std::uint64_t word = 0;
    std::memcpy(&word, from, count);
    if constexpr (std::endian::native == std::endian::big) word = __builtin_bswap64(word);
    return word;
}

}  // namespace

SipKey random_sip_key() {
    SipKey key{};
    if (::getrandom(key.data(), sizeof key, GRND_NONBLOCK) != static_cast<ssize_t>(sizeof key))
        key[0] = static_cast<std::uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count());
    return key;
}

std::uint64_t siphash(const SipKey& key, std::string_view bytes) {
    State state{0x736f6d6570736575 ^ key[0], 0x646f72616e646f6d ^ key[1], 0x6c7967656e657261 ^ key[0],
                0x7465646279746573 ^ key[1]};
    std::size_t at = 0;
    for (; bytes.size() - at >= 8; at += 8) state.take(load(bytes.data() + at, 8));
    state.take(load(bytes.data() + at, bytes.size() - at) | static_cast<std::uint64_t>(bytes.size()) << 56);
    state.c ^= 0xff;
    state.rounds(4);
    return state.a ^ state.b ^ state.c ^ state.d;
}

}  // namespace common
