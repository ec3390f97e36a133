// Accounts and file modes as configurations name them.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace proxyd::config {

std::optional<int> find_user(const std::string& name);   // uid
std::optional<int> find_group(const std::string& name);  // gid
bool parse_file_mode(std::string_view octal, int& mode);

}  // namespace proxyd::config
