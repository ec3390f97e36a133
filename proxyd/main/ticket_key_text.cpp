#include "proxyd/main/ticket_key_text.h"

#include <charconv>

namespace proxyd::main {
namespace {

using Key = net::TicketKeys::Key;
constexpr std::size_t kKeyBytes = sizeof(Key::name) + sizeof(Key::cipher) + sizeof(Key::mac);

template <std::size_t N>
void append_hex(std::string& out, const std::array<unsigned char, N>& bytes) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    for (const unsigned char byte : bytes) {
        out += kDigits[byte >> 4];
        out += kDigits[byte & 15];
    }
}

template <std::size_t N>
bool take_hex(std::string_view& text, std::array<unsigned char, N>& bytes) {
    for (unsigned char& byte : bytes) {
        const auto [end, error] = std::from_chars(text.data(), text.data() + 2, byte, 16);
        if (error != std::errc() || end != text.data() + 2) return false;
        text.remove_prefix(2);
    }
    return true;
}

}  // namespace

TicketKeyList next_keys(const TicketKeyList& keys) {
    net::TicketKeys next;
    if (!keys.empty()) {
        next.import_keys(keys);
        next.rotate();
    }
    return next.export_keys();
}

std::string to_text(const TicketKeyList& keys) {
    std::string out;
    for (const Key& key : keys) {
        append_hex(out, key.name);
        append_hex(out, key.cipher);
        append_hex(out, key.mac);
    }
    return out;
}

TicketKeyList keys_from_text(std::string_view text) {
    TicketKeyList keys;
    if (text.size() % (2 * kKeyBytes) != 0) return {};
    while (!text.empty()) {
        Key& key = keys.emplace_back();
        if (!take_hex(text, key.name) || !take_hex(text, key.cipher) || !take_hex(text, key.mac)) return {};
    }
    return keys;
}

}  // namespace proxyd::main
