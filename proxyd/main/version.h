// What `-v` and `-vv` print.
#pragma once

#include <string>
#include <string_view>

namespace proxyd::main {

inline constexpr std::string_view kVersion = FRONTDOOR_VERSION;

std::string version_text();       // tools look for "version X.Y"
std::string build_report_text();  // version, options, libraries

}  // namespace proxyd::main
