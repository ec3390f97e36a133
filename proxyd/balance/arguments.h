// Checks that the algorithms share.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "common/error.h"

namespace proxyd::balance {

// Refuses "NAME(x)" and "NAME word".
common::Result<> no_arguments(std::string_view name, std::string_view parameter,
                              std::span<const std::string> words);

}  // namespace proxyd::balance
