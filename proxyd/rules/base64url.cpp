#include "proxyd/rules/base64url.h"

#include <openssl/evp.h>

namespace proxyd::rules {

bool decode_base64url(std::string_view text, std::string& out) {
    std::string padded(text);
    for (char& c : padded) c = c == '-' ? '+' : c == '_' ? '/' : c;
    const std::size_t padding = (4 - padded.size() % 4) % 4;
    if (padding == 3) return false;
    padded.append(padding, '=');
    out.resize(padded.size() / 4 * 3);
    const int size = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                                     reinterpret_cast<const unsigned char*>(padded.data()),
                                     static_cast<int>(padded.size()));
    if (size < static_cast<int>(padding)) return false;
    out.resize(static_cast<std::size_t>(size) - padding);
    return true;
}

}  // namespace proxyd::rules
