// What the lines of routes and rules have in common.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "vrrpd/config/route.h"
#include "vrrpd/config/tree.h"

namespace vrrpd::config {

// "10.0.0.0/8", "2001:db8::1"; host bits are cleared, as the kernel wants it.
std::optional<Prefix> parse_prefix(std::string_view text);
packet::IpAddress unspecified(packet::Family family);

// "3", "1/3", names of rt_realms: FROM in the upper half.
std::optional<std::uint32_t> parse_realms(std::string_view text);

// Not negative, with a point if any.
std::optional<double> decimal(std::string_view text);

// All words with one blank between them.
std::string text_of(const Statement& statement);

}  // namespace vrrpd::config
