// Bytes as pairs of hexadecimal digits, and back. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace proxyd::rules {

// In capitals, as HAProxy writes them.
void append_hexadecimal(std::string& out, std::string_view bytes);

// Nothing where a digit is none or one is left over. Either case of letters.
std::optional<std::string> from_hexadecimal(std::string_view digits);

}  // namespace proxyd::rules
