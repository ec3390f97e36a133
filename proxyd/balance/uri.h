// uri [whole] [len N] [depth N] [path-only]: the left part of the URI decides.
#pragma once

#include "proxyd/balance/algorithm.h"

namespace proxyd::balance {

common::Result<std::unique_ptr<Algorithm>> make_uri(std::string_view parameter,
                                                    std::span<const std::string> words);

}  // namespace proxyd::balance
