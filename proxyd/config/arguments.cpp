#include "proxyd/config/arguments.h"

#include <algorithm>

namespace proxyd::config {

bool read_number(Reading& in, const Statement& line, std::size_t index, long low, long high, int& value) {
    const auto number = common::parse_number(line.argument(index), low, high);
    if (number)
        value = static_cast<int>(*number);
    else
        in.error(line, number.error());
    return number.has_value();
}

bool read_duration(Reading& in, const Statement& line, std::size_t index, common::Duration& value,
                   common::TimeUnit unit) {
    const auto duration = common::parse_duration(line.argument(index), unit);
    if (duration)
        value = *duration;
    else
        in.error(line, duration.error());
    return duration.has_value();
}

std::size_t find_condition(const Statement& line) {
    const auto words = line.arguments();
    const auto it = std::ranges::find_if(words, [](const auto& word) { return word == "if" || word == "unless"; });
    return static_cast<std::size_t>(it - words.begin());
}

}  // namespace proxyd::config
