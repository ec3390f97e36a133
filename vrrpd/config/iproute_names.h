// Names that ip(8) knows for numbers: of tables, protocols, scopes, realms, TOS values, groups of interfaces.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace vrrpd::config {

enum class NameKind : unsigned char { table, protocol, scope, realm, tos, group };

// Decimal or hexadecimal (0x) up to `highest`; otherwise a name: of the kernel's own, else of the files of
// iproute2 (/etc/iproute2/rt_tables, rt_tables.d/*.conf, ...). Nothing: neither.
std::optional<std::uint32_t> named_number(NameKind kind, std::string_view text, std::uint32_t highest);

// The number of `name` in one such file: lines "NUMBER NAME", '#' starts a comment. Pure.
std::optional<std::uint32_t> find_in_names(std::string_view content, std::string_view name);

// Decimal, or hexadecimal behind 0x, up to `highest`.
std::optional<std::uint64_t> plain_number(std::string_view text, std::uint64_t highest);

}  // namespace vrrpd::config
