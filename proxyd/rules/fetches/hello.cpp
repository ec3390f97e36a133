// What the client's TLS hello offered (configuration manual 7.3.4), as far as tune.ssl.capture-buffer-size
// has it kept.
#define XXH_INLINE_ALL
#include <openssl/ssl.h>
#include <xxhash.h>

#include <array>
#include <cstdio>
#include <string>

#include "proxyd/rules/client_hello.h"
#include "proxyd/rules/hexadecimal.h"
#include "proxyd/rules/registry.h"

namespace proxyd::rules {
namespace {

// The lists share the buffer that the configuration grants, in this order.
struct Lists {
    std::string_view ciphers, extensions, curves, formats;
};

std::string_view share(std::string_view list, std::size_t& room) {
    list = list.substr(0, room);
    room -= list.size();
    return list;
}

bool read_hello(const Context& context, ClientHello& hello) {
    if (context.tls_info == nullptr || context.tls_info->hello == nullptr) return false;
    return parse_hello_message(context.tls_info->hello->message, hello);
}

// Types of the extensions, two bytes each.
std::string_view types_of(std::string_view extensions, common::Arena& arena) {
    thread_local std::string types;
    types.clear();
    for (int type = next_extension(extensions); type >= 0; type = next_extension(extensions))
        types.append({static_cast<char>(type >> 8), static_cast<char>(type & 0xff)});
    return arena.copy(types);
}

bool read_lists(const Context& context, Lists& out) {
    ClientHello hello;
    if (context.arena == nullptr || !read_hello(context, hello)) return false;
    std::size_t room = context.tls_info->hello->limit;
    out.ciphers = share(hello.ciphers, room);
    out.extensions = share(types_of(hello.extensions, *context.arena), room);
    out.curves = share(hello.curves, room);
    out.formats = share(hello.formats, room);
    return true;
}

// Values that clients mix in to keep servers tolerant (RFC 8701) have two equal bytes ending in A.
std::string_view without_grease(std::string_view list, common::Arena& arena) {
    thread_local std::string out;
    out.clear();
    for (std::size_t i = 0; i + 1 < list.size(); i += 2)
        if (list[i] != list[i + 1] || (list[i] & 0x0f) != 0x0a) out += list.substr(i, 2);
    return arena.copy(out);
}

template <std::string_view Lists::* member>
bool read_list(const Context& context, const Arguments& arguments, std::string_view& out) {
    Lists lists;
    if (!read_lists(context, lists)) return false;
    out = lists.*member;
    if (arguments.number(0) != 0) out = without_grease(out, *context.arena);
    return true;
}

template <std::string_view Lists::* member>
bool fetch_list(const Context& context, const Arguments& arguments, Cursor&, Sample& out) {
    std::string_view list;
    return read_list<member>(context, arguments, list) && (out.set_binary(list), true);
}

bool fetch_ciphers_hex(const Context& context, const Arguments& arguments, Cursor&, Sample& out) {
    std::string_view list;
    if (!read_list<&Lists::ciphers>(context, arguments, list)) return false;
    thread_local std::string text;
    text.clear();
    append_hexadecimal(text, list);
    return out.set_text(context.arena->copy(text)), true;
}

bool fetch_ciphers_text(const Context& context, const Arguments& arguments, Cursor&, Sample& out) {
    std::string_view list;
    if (!read_list<&Lists::ciphers>(context, arguments, list)) return false;
    thread_local std::string text;
    text.clear();
    for (std::size_t i = 0; i + 1 < list.size(); i += 2) {
        const auto* bytes = reinterpret_cast<const unsigned char*>(list.data()) + i;
        const SSL_CIPHER* cipher = SSL_CIPHER_find(context.tls_info->native, bytes);
        std::array<char, 16> unknown{};
        std::snprintf(unknown.data(), unknown.size(), "UNKNOWN(%02x%02x)", bytes[0], bytes[1]);
        if (i > 0) text += ',';
        text += cipher != nullptr ? SSL_CIPHER_get_name(cipher) : unknown.data();
    }
    return out.set_text(context.arena->copy(text)), true;
}

// Of the whole list, however long.
bool fetch_ciphers_hash(const Context& context, const Arguments&, Cursor&, Sample& out) {
    ClientHello hello;
    if (!read_hello(context, hello)) return false;
    return out.set_int(static_cast<std::int64_t>(XXH64(hello.ciphers.data(), hello.ciphers.size(), 0))), true;
}

bool fetch_version(const Context& context, const Arguments&, Cursor&, Sample& out) {
    ClientHello hello;
    return read_hello(context, hello) && (out.set_int(hello.version), true);
}

constexpr ArgumentSpec kFilter{0, {ArgumentKind::number}};
constexpr ArgumentSpec kNone{};
constexpr auto kTls = Source::tls;
constexpr auto kBinary = SampleType::binary;

constexpr std::array kRows{
    FetchRow{"ssl_fc_cipherlist_bin", kBinary, kTls, kFilter, fetch_list<&Lists::ciphers>,
             "ciphers offered, two bytes each; 1: without GREASE"},
    FetchRow{"ssl_fc_cipherlist_hex", SampleType::string, kTls, kFilter, fetch_ciphers_hex,
             "ciphers offered, in hexadecimal digits"},
    FetchRow{"ssl_fc_cipherlist_str", SampleType::string, kTls, kFilter, fetch_ciphers_text,
             "names of the ciphers offered"},
    FetchRow{"ssl_fc_cipherlist_xxh", SampleType::integer, kTls, kNone, fetch_ciphers_hash,
             "XXH64 of the ciphers offered"},
    FetchRow{"ssl_fc_extlist_bin", kBinary, kTls, kFilter, fetch_list<&Lists::extensions>,
             "types of the extensions, two bytes each"},
    FetchRow{"ssl_fc_eclist_bin", kBinary, kTls, kFilter, fetch_list<&Lists::curves>,
             "groups of the key exchange, two bytes each"},
    FetchRow{"ssl_fc_ecformats_bin", kBinary, kTls, kNone, fetch_list<&Lists::formats>,
             "formats of points on elliptic curves"},
    FetchRow{"ssl_fc_protocol_hello_id", SampleType::integer, kTls, kNone, fetch_version,
             "the version in the hello's head: 771"},
};

}  // namespace

std::span<const FetchRow> hello_fetches() {
    return kRows;
}

}  // namespace proxyd::rules
