#include "common/text.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace common {
namespace {

char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
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

bool iequals(std::string_view a, std::string_view b) {
    return std::ranges::equal(a, b, {}, lower, lower);
}

}  // namespace common
