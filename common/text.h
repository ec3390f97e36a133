// Pure helpers for text: durations, sizes, numbers, splitting. All parse the whole input or fail with a
// sentence that names what was expected.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/error.h"

namespace common {

enum class TimeUnit : unsigned char { us, ms, s };

// HAProxy's time format: a whole number with an optional unit us, ms, s, m, h, d ("2m"); without one the
// number is in `unit`. Refuses signs, fractions and results above 2^31-1 milliseconds.
Result<std::chrono::microseconds> parse_duration(std::string_view text, TimeUnit unit = TimeUnit::ms);

// HAProxy's size format: a whole number with an optional k, m or g (1024-based).
Result<std::uint64_t> parse_size(std::string_view text);

// Whole decimal number within [low, high].
Result<std::int64_t> parse_number(std::string_view text, std::int64_t low, std::int64_t high);

std::string_view trim(std::string_view text);  // blanks and tabs at both ends
std::vector<std::string_view> split(std::string_view text, char separator);
std::string to_lower(std::string_view text);           // ASCII only
bool iequals(std::string_view a, std::string_view b);  // ASCII only

}  // namespace common
