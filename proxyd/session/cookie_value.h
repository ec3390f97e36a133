// What persistence cookies are made of besides the server's name (configuration manual 4.2, "cookie"). Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "common/endpoint.h"

namespace proxyd::session {

// A date of maxidle and maxlife: seconds since 1970, in steps of four, as five digits of 64.
std::string cookie_date(std::int64_t seconds);
// Of the first five characters; 0: none.
std::int64_t read_cookie_date(std::string_view text);

// `cookie ... dynamic`: the same on all nodes that share the key, whatever their server lines look like.
// Empty for an address that is not known yet, or no IP address.
std::string dynamic_cookie(std::string_view key, const common::Endpoint& server);

}  // namespace proxyd::session
