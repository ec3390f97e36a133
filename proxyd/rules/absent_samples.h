// Sample fetches and converters that HAProxy documents and this program does not have, with the reason: they
// are refused, since a rule without its sample would decide otherwise.
#pragma once

#include <span>
#include <string_view>

namespace proxyd::rules {

struct AbsentSample {
    std::string_view name;
    bool converter;
    std::string_view why;
};

std::span<const AbsentSample> absent_samples();
// Empty: nobody documents it.
std::string_view why_absent(std::string_view name, bool converter);

}  // namespace proxyd::rules
