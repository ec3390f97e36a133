// Conditions of `.if`, `.elif` and the command line's `-cc` (configuration manual 2.4). Pure but for
// defined(), which looks at the given variables.
#pragma once

#include <span>
#include <string_view>

#include "common/error.h"
#include "proxyd/config/lexer.h"

namespace proxyd::config {

// The HAProxy language this program answers for in version_atleast() and version_before().
inline constexpr std::string_view kLanguageVersion = "3.4.0";

// Names for which feature() is true, as `-vv` lists them.
std::span<const std::string_view> features();

// An expression of integers, predicates, ( ), !, && and ||, quoted as on a configuration line. Empty: false.
common::Result<bool> evaluate_condition(std::string_view text, const Variables& variables);
common::Result<bool> evaluate_condition(std::string_view text);  // with the process's environment

}  // namespace proxyd::config
