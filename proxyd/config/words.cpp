#include "proxyd/config/words.h"

#include "common/text.h"

namespace proxyd::config {

CalledWord split_called_word(std::string_view word) {
    const std::size_t open = word.find('(');
    if (open == std::string_view::npos || !word.ends_with(')')) return {word, {}};
    return {word.substr(0, open), word.substr(open + 1, word.size() - open - 2)};
}

bool read_number(const WordInput& word, long low, long high, int& value) {
    const auto number = common::parse_number(word.arguments[0], low, high);
    if (number)
        value = static_cast<int>(*number);
    else
        word.error(number.error().text);
    return number.has_value();
}

bool read_duration(const WordInput& word, common::Duration& value) {
    const auto duration = common::parse_duration(word.arguments[0]);
    if (duration)
        value = *duration;
    else
        word.error(duration.error().text);
    return duration.has_value();
}

}  // namespace proxyd::config
