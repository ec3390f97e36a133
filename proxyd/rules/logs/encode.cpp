#include "proxyd/rules/logs/encode.h"

#include <array>
#include <charconv>

namespace proxyd::rules {
namespace {

constexpr std::string_view kDigits = "0123456789ABCDEF";

// Major types of RFC 8949 section 3.1, in the upper three bits; simple values of section 3.3.
enum Major : unsigned char { kUnsigned = 0 << 5, kNegative = 1 << 5, kBytes = 2 << 5, kText = 3 << 5 };
constexpr unsigned char kFalse = 0xf4, kTrue = 0xf5, kNull = 0xf6, kMapOfAnySize = 0xbf, kBreak = 0xff;

void put(unsigned char byte, std::string& out) {
    out += static_cast<char>(byte);
}

// The shortest head that holds the argument.
void head(Major major, std::uint64_t argument, std::string& out) {
    if (argument < 24) return put(static_cast<unsigned char>(major | argument), out);
    unsigned log = 0;  // 1 << log bytes follow
    while (log < 3 && argument >> (8U << log) != 0) ++log;
    put(static_cast<unsigned char>(major | (24 + log)), out);
    for (int shift = (8 << log) - 8; shift >= 0; shift -= 8)
        put(static_cast<unsigned char>(argument >> shift), out);
}

// Bytes of the UTF-8 character at the start, 0 when there is none (RFC 3629 section 4, without the fine print
// of overlong forms and surrogates beyond their first two bytes).
std::size_t utf8_size(std::string_view text) {
    const auto byte = [&](std::size_t i) {
        return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U;
    };
    const unsigned first = byte(0);
    const std::size_t size = first < 0x80 ? 1 : first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    if (size == 0 || first > 0xf4) return 0;
    for (std::size_t i = 1; i < size; ++i)
        if ((byte(i) & 0xc0) != 0x80) return 0;
    const unsigned second = byte(1);
    const bool bad = (first == 0xe0 && second < 0xa0) || (first == 0xed && second > 0x9f) ||
                     (first == 0xf0 && second < 0x90) || (first == 0xf4 && second > 0x8f);
    return bad ? 0 : size;
}

char short_escape(char c) {
    switch (c) {
        case '"':
        case '\\':
            return c;
        case '\b':
            return 'b';
        case '\f':
            return 'f';
        case '\n':
            return 'n';
        case '\r':
            return 'r';
        case '\t':
            return 't';
        default:
            return 0;
    }
}

// Bytes that are no UTF-8 stand for the character of the same number.
void json_text(std::string_view text, std::string& out) {
    out += '"';
    while (!text.empty()) {
        const char c = text.front();
        const std::size_t size = utf8_size(text);
        const auto byte = static_cast<unsigned char>(c);
        if (const char escape = short_escape(c)) {
            out.append({'\\', escape});
        } else if (size == 0 || byte < 0x20 || byte == 0x7f) {
            out.append("\\u00").append({kDigits[byte >> 4], kDigits[byte & 15]});
        } else {
            out += text.substr(0, size);
        }
        text.remove_prefix(size == 0 ? 1 : size);
    }
    out += '"';
}

}  // namespace

void encode_null(Encoding encoding, std::string& out) {
    encoding == Encoding::cbor ? put(kNull, out) : void(out += "null");
}

void encode_bool(bool value, Encoding encoding, std::string& out) {
    encoding == Encoding::cbor ? put(value ? kTrue : kFalse, out) : void(out += value ? "true" : "false");
}

void encode_number(std::int64_t value, Encoding encoding, std::string& out) {
    if (encoding == Encoding::cbor)
        return value < 0 ? head(kNegative, ~static_cast<std::uint64_t>(value), out)
                         : head(kUnsigned, static_cast<std::uint64_t>(value), out);
    std::array<char, 24> text;
    out.append(text.data(), std::to_chars(text.data(), text.data() + text.size(), value).ptr);
}

void encode_text(std::string_view text, Encoding encoding, std::string& out) {
    if (encoding != Encoding::cbor) return json_text(text, out);
    head(kText, text.size(), out);
    out += text;
}

void encode_sample(const Sample& sample, Encoding encoding, std::string& out) {
    if (sample.type == SampleType::boolean) return encode_bool(sample.number != 0, encoding, out);
    if (sample.type == SampleType::integer) return encode_number(sample.number, encoding, out);
    if (sample.type == SampleType::binary && encoding == Encoding::cbor) {
        head(kBytes, sample.text.size(), out);
        out += sample.text;
        return;
    }
    TextBuffer buffer;
    encode_text(to_text(sample, buffer), encoding, out);
}

void begin_object(Encoding encoding, std::string& out) {
    encoding == Encoding::cbor ? put(kMapOfAnySize, out) : void(out += '{');
}

void encode_name(std::string_view name, bool first, Encoding encoding, std::string& out) {
    const bool json = encoding == Encoding::json;
    if (json && !first) out += ", ";
    encode_text(name, encoding, out);
    if (json) out += ": ";
}

void end_object(Encoding encoding, std::string& out) {
    encoding == Encoding::cbor ? put(kBreak, out) : void(out += '}');
}

}  // namespace proxyd::rules
