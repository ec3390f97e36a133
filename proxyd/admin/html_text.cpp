#include "proxyd/admin/html_text.h"

#include <array>
#include <cstdio>

namespace proxyd::admin {

void append_html(std::string_view text, std::string& out) {
    for (const char c : text) {
        switch (c) {
            case '&':
                out += "&amp;";
                break;
            case '<':
                out += "&lt;";
                break;
            case '>':
                out += "&gt;";
                break;
            case '"':
                out += "&quot;";
                break;
            case '\'':
                out += "&#39;";
                break;
            default:
                out += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? ' ' : c;
        }
    }
}

std::string grouped(std::int64_t number) {
    const std::string digits = std::to_string(number);
    const std::size_t sign = number < 0 ? 1 : 0;
    std::string out;
    for (std::size_t i = 0; i < digits.size(); ++i) {
        const std::size_t left = digits.size() - i;
        if (i > sign && left % 3 == 0) out += "&#8239;";
        out += digits[i];
    }
    return out;
}

std::string human_bytes(std::uint64_t bytes) {
    if (bytes < 1000) return std::to_string(bytes) + " B";
    constexpr std::array kUnits = {"kB", "MB", "GB", "TB", "PB", "EB"};
    auto value = static_cast<double>(bytes) / 1000;
    std::size_t unit = 0;
    // 999.95 would print as 1000.0.
    while (value >= 999.95 && unit + 1 < kUnits.size()) {
        value /= 1000;
        ++unit;
    }
    char text[32];
    std::snprintf(text, sizeof text, value < 99.95 ? "%.1f %s" : "%.0f %s", value, kUnits[unit]);
    return text;
}

std::string human_time(std::int64_t seconds) {
    if (seconds < 0) return "?";
    const auto pair = [](std::int64_t big, const char* big_unit, std::int64_t small, const char* small_unit) {
        return std::to_string(big) + big_unit + (small > 0 ? std::to_string(small) + small_unit : "");
    };
    if (seconds < 60) return std::to_string(seconds) + "s";
    if (seconds < 3600) return pair(seconds / 60, "m", seconds % 60, "s");
    if (seconds < 86400) return pair(seconds / 3600, "h", seconds / 60 % 60, "m");
    return pair(seconds / 86400, "d", seconds / 3600 % 24, "h");
}

}  // namespace proxyd::admin
