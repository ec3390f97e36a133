// Small pieces of HTML: escaping and numbers for people. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace proxyd::admin {

// Appends text that may come from anywhere; control bytes become blanks.
void append_html(std::string_view text, std::string& out);

std::string grouped(std::int64_t number);      // "1 234 567" with narrow blanks
std::string human_bytes(std::uint64_t bytes);  // "999 B", "1.2 kB", "34 MB"
std::string human_time(std::int64_t seconds);  // "3s", "5m12s", "2h3m", "4d6h"

}  // namespace proxyd::admin
