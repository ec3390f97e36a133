// The environment as the configuration sees it: the process's own, changed by setenv, presetenv, unsetenv and
// resetenv (configuration manual 3.1), without touching the process's before the whole file has proven valid.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace proxyd::config {

class Environment {
 public:
    static Environment of_process();

    std::optional<std::string> get(std::string_view name) const;
    void set(std::string_view name, std::string value);
    void preset(std::string_view name, std::string value);  // for this reading only, nothing to export
    void unset(std::string_view name);
    void keep_only(std::span<const std::string> names);  // resetenv

    // What set() left behind, to be exported once the configuration is accepted.
    std::vector<std::pair<std::string, std::string>> changes() const;

 private:
    std::map<std::string, std::string, std::less<>> values_;
    std::map<std::string, std::string, std::less<>> changed_;
};

}  // namespace proxyd::config
