#include "proxyd/rules/logs/date.h"

#include <array>
#include <cstdio>
#include <ctime>

namespace proxyd::rules {
namespace {

constexpr std::array<const char*, 12> kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                              "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

// All texts of one second; a line a microsecond later costs a comparison.
struct Second {
    std::int64_t seconds = -1;
    std::array<char, 32> date{};
    std::array<char, 16> zone{};
    std::array<char, 32> syslog{};
    std::array<char, 48> iso{};

    void set(std::int64_t when, Zone which) {
        if (when == seconds) return;
        seconds = when;
        const std::time_t time = when;
        std::tm parts{};
        if (which == Zone::local)
            ::localtime_r(&time, &parts);
        else
            ::gmtime_r(&time, &parts);
        const char* month = kMonths[static_cast<std::size_t>(parts.tm_mon)];
        const int year = parts.tm_year + 1900;
        const int offset = static_cast<int>(parts.tm_gmtoff / 60);
        const char sign = offset < 0 ? '-' : '+';
        const int minutes = offset < 0 ? -offset : offset;
        std::snprintf(date.data(), date.size(), "%02d/%s/%04d:%02d:%02d:%02d", parts.tm_mday, month, year,
                      parts.tm_hour, parts.tm_min, parts.tm_sec);
        std::snprintf(zone.data(), zone.size(), " %c%02d%02d", sign, minutes / 60, minutes % 60);
        std::snprintf(syslog.data(), syslog.size(), "%s %2d %02d:%02d:%02d", month, parts.tm_mday,
                      parts.tm_hour, parts.tm_min, parts.tm_sec);
        std::snprintf(iso.data(), iso.size(), "%04d-%02d-%02dT%02d:%02d:%02d%c%02d:%02d", year,
                      parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec, sign,
                      minutes / 60, minutes % 60);
    }
};

Second& second_of(std::int64_t wall_us, Zone zone) {
    thread_local std::array<Second, 2> seconds;
    Second& second = seconds[static_cast<std::size_t>(zone)];
    second.set(wall_us / 1'000'000, zone);
    return second;
}

}  // namespace

std::string_view log_date(std::int64_t wall_us, Zone zone) {
    return second_of(wall_us, zone).date.data();
}
std::string_view log_zone(std::int64_t wall_us, Zone zone) {
    return second_of(wall_us, zone).zone.data();
}
std::string_view syslog_date(std::int64_t wall_us) {
    return second_of(wall_us, Zone::local).syslog.data();
}
std::string_view iso_date(std::int64_t wall_us) {
    return second_of(wall_us, Zone::local).iso.data();
}

}  // namespace proxyd::rules
