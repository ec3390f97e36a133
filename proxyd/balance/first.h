// first: the first server, in the order of the configuration, with a free slot.
#pragma once

#include "proxyd/balance/algorithm.h"

namespace proxyd::balance {

common::Result<std::unique_ptr<Algorithm>> make_first(std::string_view parameter,
                                                      std::span<const std::string> words);

}  // namespace proxyd::balance
