#include "common/text.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <cstring>

namespace common {
namespace {

char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
}

// Eight bytes in lower case.
std::uint64_t lower_word(std::uint64_t word) {
    constexpr std::uint64_t kEach = ~std::uint64_t{0} / 255;  // 0x01 in each byte
    const std::uint64_t low = word & (kEach * 0x7f);
    const std::uint64_t from_a = low + kEach * (0x80 - 'A');  // the top bit says so
    const std::uint64_t beyond_z = low + kEach * (0x7f - 'Z');
    return word | ((from_a & ~beyond_z & ~word & (kEach * 0x80)) >> 2);
}

template <class Word>
std::uint64_t load(const char* from) {
    Word word;
    std::memcpy(&word, from, sizeof word);
    return word;
}

// Four to eight bytes; the two halves may overlap.
std::uint64_t lower_ends(std::string_view text) {
    using Half = std::uint32_t;
    return lower_word(load<Half>(text.data()) | load<Half>(text.data() + text.size() - sizeof(Half)) << 32);
}

// Reads leading digits; the rest of the text stays in `text`. False without digits or on overflow.
bool take_digits(std::string_view& text, std::uint64_t& value) {
    const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (ec != std::errc() || end == text.data()) return false;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    return true;
}

struct TimeSuffix {
    std::string_view name;
    std::uint64_t microseconds;
};
constexpr std::array kTimeSuffixes{
    TimeSuffix{"us", 1},         TimeSuffix{"ms", 1'000},        TimeSuffix{"s", 1'000'000},
    TimeSuffix{"m", 60'000'000}, TimeSuffix{"h", 3'600'000'000}, TimeSuffix{"d", 86'400'000'000},
};

}  // namespace

Result<std::chrono::microseconds> parse_duration(std::string_view text, TimeUnit unit) {
    constexpr std::uint64_t kMax = 2'147'483'647ULL * 1000;
    std::string_view rest = text;
    std::uint64_t value = 0;
    if (!take_digits(rest, value))
        return fail("'" + std::string(text) + "' is not a time (a whole number and us, ms, s, m, h or d)",
                    Side::config);
    std::uint64_t factor = unit == TimeUnit::us ? 1 : unit == TimeUnit::ms ? 1'000 : 1'000'000;
    if (!rest.empty()) {
        const auto* row = std::ranges::find(kTimeSuffixes, rest, &TimeSuffix::name);
        if (row == kTimeSuffixes.end())
            return fail("unknown unit '" + std::string(rest) + "' in time '" + std::string(text) +
                            "' (expected us, ms, s, m, h or d)",
                        Side::config);
        factor = row->microseconds;
    }
    if (value > kMax / factor)
        return fail("time '" + std::string(text) + "' is too long (at most 2147483647 ms, about 24.8 days)",
                    Side::config);
    return std::chrono::microseconds(value * factor);
}

Result<std::uint64_t> parse_size(std::string_view text) {
    std::string_view rest = text;
    std::uint64_t value = 0;
    if (!take_digits(rest, value))
        return fail("'" + std::string(text) + "' is not a size (a whole number and k, m or g)", Side::config);
    int shift = 0;
    if (!rest.empty()) {
        const char unit = rest.size() == 1 ? lower(rest[0]) : '?';
        shift = unit == 'k' ? 10 : unit == 'm' ? 20 : unit == 'g' ? 30 : -1;
        if (shift < 0)
            return fail("unknown unit '" + std::string(rest) + "' in size '" + std::string(text) +
                            "' (expected k, m or g)",
                        Side::config);
    }
    if (value > (UINT64_MAX >> shift))
        return fail("size '" + std::string(text) + "' is too large", Side::config);
    return value << shift;
}

Result<std::int64_t> parse_number(std::string_view text, std::int64_t low, std::int64_t high) {
    std::int64_t value = 0;
    const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (text.empty() || ec == std::errc::invalid_argument || end != text.data() + text.size())
        return fail("'" + std::string(text) + "' is not a whole number", Side::config);
    if (ec == std::errc::result_out_of_range || value < low || value > high)
        return fail("'" + std::string(text) + "' is out of range (" + std::to_string(low) + " to " +
                        std::to_string(high) + ")",
                    Side::config);
    return value;
}

std::string_view trim(std::string_view text) {
    const auto first = text.find_first_not_of(" \t");
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

std::vector<std::string_view> split(std::string_view text, char separator) {
    std::vector<std::string_view> parts;
    for (;;) {
        const auto at = text.find(separator);
        parts.push_back(text.substr(0, at));
        if (at == std::string_view::npos) return parts;
        text.remove_prefix(at + 1);
    }
}

std::string to_lower(std::string_view text) {
    std::string out(text);
    std::ranges::transform(out, out.begin(), lower);
    return out;
}

// Eight bytes at a time, as every header field's name is compared; the last eight may overlap those before.
bool iequals(std::string_view a, std::string_view b) {
    using Word = std::uint64_t;
    const std::size_t size = a.size();
    if (size != b.size()) return false;
    if (size < sizeof(Word) / 2) return std::ranges::equal(a, b, {}, lower, lower);
    if (size <= sizeof(Word)) return lower_ends(a) == lower_ends(b);
    for (std::size_t at = 0;; at = std::min(at + sizeof(Word), size - sizeof(Word))) {
        if (lower_word(load<Word>(a.data() + at)) != lower_word(load<Word>(b.data() + at))) return false;
        if (at + sizeof(Word) == size) return true;
    }
}

}  // namespace common
