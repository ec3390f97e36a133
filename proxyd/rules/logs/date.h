// Dates of log lines, broken down once per second and thread (configuration manual 8.2.3).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace proxyd::rules {

// "22/Nov/2026:15:12:09", local time or UTC.
enum class Zone : unsigned char { local, utc };
std::string_view log_date(std::int64_t wall_us, Zone zone);
// " +0100" of the same moment (UTC: " +0000").
std::string_view log_zone(std::int64_t wall_us, Zone zone);

// "Nov 22 15:12:09" (RFC 3164) and "2026-11-22T15:12:09+01:00" (RFC 5424, whole seconds), local time.
std::string_view syslog_date(std::int64_t wall_us);
std::string_view iso_date(std::int64_t wall_us);

}  // namespace proxyd::rules
