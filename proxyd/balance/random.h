// random, random(DRAWS): servers drawn by weight, the least loaded of the draws takes the request.
#pragma once

#include "proxyd/balance/algorithm.h"

namespace proxyd::balance {

common::Result<std::unique_ptr<Algorithm>> make_random(std::string_view parameter,
                                                       std::span<const std::string> words);

}  // namespace proxyd::balance
