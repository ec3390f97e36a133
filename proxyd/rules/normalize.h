// Normal forms of a request's target (configuration manual 4.2, http-request normalize-uri; RFC 3986
// section 6.2.2). Pure: each takes path and query and gives the changed text.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace proxyd::rules {

struct Normalizer {
    std::string_view name;
    std::string_view option;  // word that may follow: "full", "strict"
    // False: the target is broken, and the option asked for strictness.
    bool (*apply)(std::string_view target, bool option, std::string& out);
    std::string_view help;
};

std::span<const Normalizer> normalizers();

}  // namespace proxyd::rules
