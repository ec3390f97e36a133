// url_param NAME [check_post]: the value of a query parameter decides.
#pragma once

#include <optional>

#include "proxyd/balance/algorithm.h"

namespace proxyd::balance {

common::Result<std::unique_ptr<Algorithm>> make_url_param(std::string_view parameter,
                                                          std::span<const std::string> words);

// The value of the first `name=value` in a query string.
std::optional<std::string_view> query_value(std::string_view query, std::string_view name);

}  // namespace proxyd::balance
