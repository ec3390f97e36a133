#include "proxyd/config/environment.h"

#include <unistd.h>

#include <algorithm>

namespace proxyd::config {

Environment Environment::of_process() {
    Environment out;
    for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
        const std::string_view text(*entry);
        const auto equals = text.find('=');
        if (equals != std::string_view::npos)
            out.values_.emplace(std::string(text.substr(0, equals)), std::string(text.substr(equals + 1)));
    }
    return out;
}

std::optional<std::string> Environment::get(std::string_view name) const {
    const auto it = values_.find(name);
    return it == values_.end() ? std::nullopt : std::optional(it->second);
}

void Environment::set(std::string_view name, std::string value) {
    changed_.insert_or_assign(std::string(name), value);
    values_.insert_or_assign(std::string(name), std::move(value));
}

void Environment::preset(std::string_view name, std::string value) {
    values_.insert_or_assign(std::string(name), std::move(value));
}

void Environment::unset(std::string_view name) {
    if (const auto it = values_.find(name); it != values_.end()) values_.erase(it);
    if (const auto it = changed_.find(name); it != changed_.end()) changed_.erase(it);
}

void Environment::keep_only(std::span<const std::string> names) {
    const auto dropped = [&](const auto& entry) {
        return std::ranges::find(names, entry.first) == names.end();
    };
    std::erase_if(values_, dropped);
    std::erase_if(changed_, dropped);
}

std::vector<std::pair<std::string, std::string>> Environment::changes() const {
    return {changed_.begin(), changed_.end()};
}

}  // namespace proxyd::config
