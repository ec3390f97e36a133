// leastconn: the server with the fewest streams, queued ones included, in proportion to its weight; in turn
// among equals.
#pragma once

#include "proxyd/balance/algorithm.h"

namespace proxyd::balance {

common::Result<std::unique_ptr<Algorithm>> make_leastconn(std::string_view parameter,
                                                          std::span<const std::string> words);

}  // namespace proxyd::balance
