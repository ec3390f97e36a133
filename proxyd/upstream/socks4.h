// The SOCKS 4 CONNECT request and its answer (the protocol's memorandum by Ying-Da Lee). Pure.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "common/endpoint.h"

namespace proxyd::upstream {

inline constexpr std::size_t kSocks4Answer = 8;  // bytes

// Asks for a connection to that address; nothing for one that is not IPv4, which version 4 cannot name.
std::optional<std::string> socks4_request(const common::Endpoint& to);

// Of kSocks4Answer bytes: 0, or the errno that says best why there is no connection.
int socks4_error(std::string_view answer);

}  // namespace proxyd::upstream
