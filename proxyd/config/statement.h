// One configuration line, cut into words, on its way to its keyword's handler.
#pragma once

#include <algorithm>
#include <span>
#include <string>
#include <vector>

#include "common/diagnostics.h"

namespace proxyd::config {

struct Statement {
    std::vector<std::string> words;  // without `no` and `default`
    std::size_t first_argument = 1;  // 2 after keywords of two words
    common::Location where;
    bool no = false;     // "no option x"
    bool reset = false;  // "default option x"

    std::span<const std::string> arguments() const {
        return std::span(words).subspan(std::min(first_argument, words.size()));
    }
    std::size_t count() const { return words.size() - first_argument; }
    const std::string& argument(std::size_t index) const { return words[first_argument + index]; }
    // "timeout client"
    std::string name() const {
        std::string out = words.front();
        for (std::size_t i = 1; i < first_argument && i < words.size(); ++i) out += " " + words[i];
        return out;
    }
};

}  // namespace proxyd::config
