// HTTP-date (RFC 9110 section 5.6.7).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace proxyd::http {

// Seconds since 1970 in UTC, of any of the three forms: "Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94
// 08:49:37 GMT" (a year that seems over 50 years ahead of `now_year` is of the century before) and "Sun Nov
// 6 08:49:37 1994". The name of the day is not compared with the date.
std::optional<std::int64_t> parse_date(std::string_view text, int now_year = 2026);

// "Sun, 06 Nov 1994 08:49:37 GMT", of seconds since 1970.
std::string format_date(std::int64_t seconds);

}  // namespace proxyd::http
