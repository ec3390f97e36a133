// source: the client's address decides.
#pragma once

#include "proxyd/balance/algorithm.h"

namespace proxyd::balance {

common::Result<std::unique_ptr<Algorithm>> make_source(std::string_view parameter,
                                                       std::span<const std::string> words);

}  // namespace proxyd::balance
