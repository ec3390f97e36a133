// static-rr: servers in turn by their configured weights; weights changed at run time have no effect.
#pragma once

#include "proxyd/balance/algorithm.h"

namespace proxyd::balance {

common::Result<std::unique_ptr<Algorithm>> make_static_rr(std::string_view parameter,
                                                          std::span<const std::string> words);

}  // namespace proxyd::balance
