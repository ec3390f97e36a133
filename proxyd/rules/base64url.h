// Base64url without padding (RFC 7515 section 2; RFC 4648 section 5).
#pragma once

#include <string>
#include <string_view>

namespace proxyd::rules {

// False where a character is none of the alphabet, or one is left over behind groups of four, which no
// encoder writes.
bool decode_base64url(std::string_view text, std::string& out);

}  // namespace proxyd::rules
