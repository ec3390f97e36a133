// Character classes of HTTP and a fast search for control bytes. Tables are built at compile time.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace proxyd::http {

enum CharClass : std::uint8_t {
    kToken = 1,       // tchar, RFC 9110 section 5.6.2
    kTarget = 2,      // what a request target may hold: RFC 3986; '[' and ']' come from browsers' queries
    kHost = 4,        // uri-host and port, RFC 3986 section 3.2.2
    kSchemeChar = 8,  // RFC 3986 section 3.1
    kOddTarget = 16,  // passes with accept-invalid-http-request only
    kPlainHost = 32,  // kHost, but neither port nor IPv6 literal
};

namespace detail {

constexpr std::array<std::uint8_t, 256> build_char_classes() {
    std::array<std::uint8_t, 256> table{};
    const auto mark = [&](std::string_view chars, int classes) {
        for (const char c : chars) table[static_cast<unsigned char>(c)] |= static_cast<std::uint8_t>(classes);
    };
    for (int c = 0; c < 256; ++c) {
        const bool digit = c >= '0' && c <= '9';
        const bool alpha = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (digit || alpha)
            table[static_cast<std::size_t>(c)] = kToken | kTarget | kHost | kPlainHost | kSchemeChar;
        if (c >= 0x80) table[static_cast<std::size_t>(c)] = kOddTarget;
    }
    mark("!#$%&'*+-.^_`|~", kToken);
    mark("-._~:/?[]@!$&'()*+,;=%", kTarget);
    mark("-._~:[]!$&'()*+,;=%", kHost);
    mark("-._~!$&'()*+,;=%", kPlainHost);
    mark("+-.", kSchemeChar);
    mark("\"<>\\^`{|}#", kOddTarget);
    return table;
}

inline constexpr std::array<std::uint8_t, 256> kCharClasses = build_char_classes();

}  // namespace detail

constexpr bool is_class(char c, int classes) {
    return (detail::kCharClasses[static_cast<unsigned char>(c)] & classes) != 0;
}

constexpr bool all_class(std::string_view text, int classes) {
    for (const char c : text) {
        if (!is_class(c, classes)) return false;
    }
    return true;
}

constexpr bool is_blank(char c) {
    return c == ' ' || c == '\t';
}
constexpr bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

// Control bytes end or break a line; a tab does not.
constexpr bool is_control(char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte < 0x20 && byte != '\t') || byte == 0x7f;
}

// Index of the first control byte at or after `from`; text.size() when there is none.
inline std::size_t find_control(std::string_view text, std::size_t from) {
    std::size_t i = from;
#ifdef __SSE2__
    const __m128i last_control = _mm_set1_epi8(0x1f);
    const __m128i tab = _mm_set1_epi8('\t');
    const __m128i del = _mm_set1_epi8(0x7f);
    for (; i + 16 <= text.size(); i += 16) {
        const __m128i block = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text.data() + i));
        // Unsigned "byte <= 0x1f": the smaller of the two is the byte itself.
        const __m128i low = _mm_cmpeq_epi8(_mm_min_epu8(block, last_control), block);
        const __m128i bad =
            _mm_or_si128(_mm_andnot_si128(_mm_cmpeq_epi8(block, tab), low), _mm_cmpeq_epi8(block, del));
        if (const int mask = _mm_movemask_epi8(bad); mask != 0) {
            return i + static_cast<std::size_t>(__builtin_ctz(static_cast<unsigned>(mask)));
        }
    }
#endif
    for (; i < text.size(); ++i) {
        if (is_control(text[i])) return i;
    }
    return text.size();
}

// Takes the next element of a comma-separated list (RFC 9110 section 5.6.1) off `rest`, without blanks around
// it. Empty elements are given too.
constexpr std::string_view next_element(std::string_view& rest) {
    const std::size_t comma = rest.find(',');
    std::string_view element = rest.substr(0, comma);
    rest = comma == std::string_view::npos ? std::string_view() : rest.substr(comma + 1);
    while (!element.empty() && is_blank(element.front())) element.remove_prefix(1);
    while (!element.empty() && is_blank(element.back())) element.remove_suffix(1);
    return element;
}

}  // namespace proxyd::http
