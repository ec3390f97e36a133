// SipHash-2-4 (Aumasson, Bernstein): a hash for tables whose keys strangers choose. Without the secret nobody
// can make keys that fall together.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace common {

using SipKey = std::array<std::uint64_t, 2>;

SipKey random_sip_key();  // from the kernel
std::uint64_t siphash(const SipKey& key, std::string_view bytes);

}  // namespace common
