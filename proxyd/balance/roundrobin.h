// roundrobin: servers in turn, smoothly by weight.
#pragma once

#include "proxyd/balance/algorithm.h"

namespace proxyd::balance {

common::Result<std::unique_ptr<Algorithm>> make_roundrobin(std::string_view parameter,
                                                           std::span<const std::string> words);

}  // namespace proxyd::balance
