#include "proxyd/config/users.h"

#include <grp.h>
#include <pwd.h>

#include <charconv>

namespace proxyd::config {

std::optional<int> find_user(const std::string& name) {
    const passwd* entry = ::getpwnam(name.c_str());
    return entry == nullptr ? std::nullopt : std::optional(static_cast<int>(entry->pw_uid));
}

std::optional<int> find_group(const std::string& name) {
    const group* entry = ::getgrnam(name.c_str());
    return entry == nullptr ? std::nullopt : std::optional(static_cast<int>(entry->gr_gid));
}

bool parse_file_mode(std::string_view octal, int& mode) {
    int value = 0;
    const auto [end, ec] = std::from_chars(octal.data(), octal.data() + octal.size(), value, 8);
    if (ec != std::errc() || end != octal.data() + octal.size() || value < 0 || value > 07777) return false;
    mode = value;
    return true;
}

}  // namespace proxyd::config
