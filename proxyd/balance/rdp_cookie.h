// rdp-cookie[(NAME)]: the cookie in a client's first RDP packet decides, "mstshash" by default.
#pragma once

#include "proxyd/balance/algorithm.h"

namespace proxyd::balance {

common::Result<std::unique_ptr<Algorithm>> make_rdp_cookie(std::string_view parameter,
                                                           std::span<const std::string> words);

}  // namespace proxyd::balance
