// Converters between encodings: hexadecimal, base64, URL, JSON (configuration manual 7.3.1).
#include <algorithm>
#include <array>

#include "proxyd/rules/ascii.h"
#include "proxyd/rules/registry.h"

namespace proxyd::rules {
namespace {

constexpr std::string_view kHexDigits = "0123456789ABCDEF";
constexpr std::string_view kBase64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view kBase64Url = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

bool convert_hex(const Context& context, const Arguments&, Sample& sample) {
    if (context.arena == nullptr) return false;
    const auto room = context.arena->allocate(sample.text.size() * 2);
    std::size_t at = 0;
    for (char c : sample.text) {
        room[at++] = kHexDigits[static_cast<unsigned char>(c) >> 4];
        room[at++] = kHexDigits[static_cast<unsigned char>(c) & 15];
    }
    return sample.set_text({room.data(), at}), true;
}

bool convert_hex2i(const Context&, const Arguments&, Sample& sample) {
    std::uint64_t value = 0;  // of more than 16 digits the last ones count, as in HAProxy
    for (const char c : sample.text) {
        const int digit = hex_value(c);
        if (digit < 0) return false;
        value = value << 4 | static_cast<std::uint64_t>(digit);
    }
    return sample.set_int(static_cast<std::int64_t>(value)), true;
}

template <bool url>
bool convert_base64(const Context& context, const Arguments&, Sample& sample) {
    if (context.arena == nullptr) return false;
    const std::string_view alphabet = url ? kBase64Url : kBase64;
    const std::string_view in = sample.text;
    const auto room = context.arena->allocate((in.size() + 2) / 3 * 4);
    std::size_t at = 0;
    for (std::size_t i = 0; i < in.size(); i += 3) {
        const std::size_t left = std::min<std::size_t>(3, in.size() - i);
        std::uint32_t bits = 0;
        for (std::size_t j = 0; j < 3; ++j)
            bits = bits << 8 | (j < left ? static_cast<unsigned char>(in[i + j]) : 0U);
        for (std::size_t j = 0; j < 4; ++j) {
            if (j <= left)
                room[at++] = alphabet[bits >> (18 - 6 * j) & 63];
            else if (!url)
                room[at++] = '=';
        }
    }
    return sample.set_text({room.data(), at}), true;
}

// Strict: only the alphabet, and in the plain form whole groups of four.
template <bool url>
bool convert_from_base64(const Context& context, const Arguments&, Sample& sample) {
    if (context.arena == nullptr) return false;
    const std::string_view alphabet = url ? kBase64Url : kBase64;
    std::string_view in = sample.text;
    if (!url && in.size() % 4 != 0) return false;
    for (int padding = 0; padding < 2 && in.ends_with('='); ++padding) in.remove_suffix(1);
    if (in.size() % 4 == 1) return false;
    const auto room = context.arena->allocate(in.size() * 3 / 4);
    std::uint32_t bits = 0;
    std::size_t at = 0;
    int held = 0;
    for (char c : in) {
        const auto value = alphabet.find(c);
        if (value == std::string_view::npos) return false;
        bits = bits << 6 | static_cast<std::uint32_t>(value);
        held += 6;
        if (held >= 8) {
            held -= 8;
            room[at++] = static_cast<char>(bits >> held);
        }
    }
    return sample.set_binary({room.data(), at}), true;
}

// url_dec([in_form]): '+' is a blank after the first '?', or everywhere when the argument is not 0.
bool convert_url_dec(const Context& context, const Arguments& arguments, Sample& sample) {
    if (context.arena == nullptr) return false;
    const std::string_view in = sample.text;
    const auto room = context.arena->allocate(in.size());
    bool in_form = arguments.number(0) != 0;
    std::size_t at = 0;
    for (std::size_t i = 0; i < in.size(); ++i) {
        if (in[i] == '%') {
            if (i + 2 >= in.size() || hex_value(in[i + 1]) < 0 || hex_value(in[i + 2]) < 0) return false;
            room[at++] = static_cast<char>(hex_value(in[i + 1]) * 16 + hex_value(in[i + 2]));
            i += 2;
            continue;
        }
        room[at++] = in[i] == '+' && in_form ? ' ' : in[i];
        in_form = in_form || in[i] == '?';
    }
    return sample.set_text({room.data(), at}), true;
}

// url_enc([query]): all but RFC 3986's unreserved characters become %XX.
bool convert_url_enc(const Context& context, const Arguments&, Sample& sample) {
    if (context.arena == nullptr) return false;
    const auto room = context.arena->allocate(sample.text.size() * 3);
    std::size_t at = 0;
    for (char c : sample.text) {
        if (is_alnum(c) || c == '-' || c == '.' || c == '_' || c == '~') {
            room[at++] = c;
            continue;
        }
        room[at++] = '%';
        room[at++] = kHexDigits[static_cast<unsigned char>(c) >> 4];
        room[at++] = kHexDigits[static_cast<unsigned char>(c) & 15];
    }
    return sample.set_text({room.data(), at}), true;
}

// How json() reads bytes: manual 7.3.1. `silent` leaves out what is wrong, `permissive` takes overlong forms.
struct InputCode {
    std::string_view name;
    bool utf8, silent, permissive;
};
constexpr std::array kInputCodes{
    InputCode{"", false, false, false},    InputCode{"ascii", false, false, false},
    InputCode{"utf8", true, false, false}, InputCode{"utf8s", true, true, false},
    InputCode{"utf8p", true, false, true}, InputCode{"utf8ps", true, true, true},
};

// The character at the front of `text` (not empty), whose bytes are taken; negative: none that may stand
// there (RFC 3629 section 3).
std::int32_t take_utf8(std::string_view& text, bool permissive) {
    const auto first = static_cast<unsigned char>(text.front());
    text.remove_prefix(1);
    if (first < 0x80) return first;
    const int more = first >= 0xf0 ? 3 : first >= 0xe0 ? 2 : 1;
    if (first < 0xc0 || first >= 0xf8) return -1;
    std::int32_t code = first & (0x3f >> more);
    for (int i = 0; i < more; ++i) {
        if (text.empty() || (static_cast<unsigned char>(text.front()) & 0xc0) != 0x80) return -1;
        code = code << 6 | (static_cast<unsigned char>(text.front()) & 0x3f);
        text.remove_prefix(1);
    }
    constexpr std::array<std::int32_t, 4> kLeast{0, 0x80, 0x800, 0x10000};
    const bool surrogate = code >= 0xd800 && code <= 0xdfff;
    if (surrogate || code > 0xffff || (code < kLeast[static_cast<std::size_t>(more)] && !permissive))
        return -1;
    return code;
}

// One character of a JSON string (RFC 8259 section 7), six bytes at most.
std::size_t put_json(std::int32_t code, char* out) {
    constexpr std::string_view kFrom = "\"\\/\b\f\n\r\t";
    constexpr std::string_view kTo = "\"\\/bfnrt";
    constexpr std::string_view kDigits = "0123456789abcdef";
    const auto known = code < 0x80 ? kFrom.find(static_cast<char>(code)) : std::string_view::npos;
    if (known != std::string_view::npos) {
        out[0] = '\\';
        out[1] = kTo[known];
        return 2;
    }
    if (code >= 0x20 && code < 0x7f) {
        out[0] = static_cast<char>(code);
        return 1;
    }
    out[0] = '\\';
    out[1] = 'u';
    for (int i = 0; i < 4; ++i) out[2 + i] = kDigits[static_cast<std::size_t>(code >> (12 - 4 * i) & 15)];
    return 6;
}

// json([input-code]): escaped for a JSON string, all of it ASCII.
bool convert_json(const Context& context, const Arguments& arguments, Sample& sample) {
    if (context.arena == nullptr) return false;
    const InputCode& input = *std::ranges::find(kInputCodes, arguments.text(0), &InputCode::name);
    const auto room = context.arena->allocate(sample.text.size() * 6);
    std::size_t at = 0;
    for (std::string_view rest = sample.text; !rest.empty();) {
        std::int32_t code = static_cast<unsigned char>(rest.front());
        if (input.utf8)
            code = take_utf8(rest, input.permissive);
        else
            rest.remove_prefix(1);
        if (code >= 0)
            at += put_json(code, room.data() + at);
        else if (!input.silent)
            return false;
    }
    return sample.set_text({room.data(), at}), true;
}

common::Result<> check_url_enc(Arguments& arguments) {
    if (arguments.text(0, "query") != "query" && !arguments.text(0).empty())
        return common::fail("the encoding '" + std::string(arguments.text(0)) + "' is not 'query'",
                            common::Side::config);
    return {};
}
common::Result<> check_json(Arguments& arguments) {
    if (std::ranges::find(kInputCodes, arguments.text(0), &InputCode::name) == kInputCodes.end())
        return common::fail("the input code '" + std::string(arguments.text(0)) +
                                "' is none of ascii, utf8, utf8s, utf8p, utf8ps",
                            common::Side::config);
    return {};
}

constexpr SampleType kString = SampleType::string;
constexpr SampleType kBinary = SampleType::binary;
constexpr ArgumentSpec kOptionalNumber{0, {ArgumentKind::number}};
constexpr ArgumentSpec kOptionalText{0, {ArgumentKind::text}};

constexpr std::array kRows{
    ConverterRow{"hex", kBinary, kString, {}, convert_hex, "in hexadecimal, upper case"},
    ConverterRow{
        "hex2i", kString, SampleType::integer, {}, convert_hex2i, "the number that hexadecimal digits say"},
    ConverterRow{"base64", kBinary, kString, {}, convert_base64<false>, "in base64"},
    ConverterRow{"ub64enc", kBinary, kString, {}, convert_base64<true>, "in base64url, not padded"},
    ConverterRow{"b64dec", kString, kBinary, {}, convert_from_base64<false>, "the bytes that base64 says"},
    ConverterRow{"ub64dec", kString, kBinary, {}, convert_from_base64<true>, "the bytes that base64url says"},
    ConverterRow{"url_dec", kString, kString, kOptionalNumber, convert_url_dec, "with %XX decoded"},
    ConverterRow{"url_enc", kString, kString, kOptionalText, convert_url_enc, "with %XX encoded",
                 check_url_enc},
    ConverterRow{"json", kString, kString, kOptionalText, convert_json, "escaped for a JSON string",
                 check_json},
};

}  // namespace

std::span<const ConverterRow> encoding_converters() {
    return kRows;
}

}  // namespace proxyd::rules
