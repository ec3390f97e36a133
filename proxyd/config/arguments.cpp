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

namespace {

// Units that people write and HAProxy only warns of, because their first letter is one it knows.
std::string known_units(Reading& in, const Statement& line, const std::string& text) {
    struct Row {
        std::string_view written, meant;
    };
    constexpr Row kUnits[] = {{"sec", "s"},  {"secs", "s"},  {"second", "s"}, {"seconds", "s"},
                              {"min", "m"},  {"mins", "m"},  {"minute", "m"}, {"minutes", "m"},
                              {"hour", "h"}, {"hours", "h"}, {"day", "d"},    {"days", "d"}};
    const std::size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
    const auto* row = std::ranges::find(kUnits, std::string_view(text).substr(digits), &Row::written);
    if (digits == 0 || row == std::end(kUnits)) return text;
    std::string modern = text.substr(0, digits) + std::string(row->meant);
    in.warning(line, "'" + text + "' is read as '" + modern + "'");
    return modern;
}

}  // namespace

bool read_duration(Reading& in, const Statement& line, std::size_t index, common::Duration& value,
                   common::TimeUnit unit) {
    const auto duration = common::parse_duration(known_units(in, line, line.argument(index)), unit);
    if (duration)
        value = *duration;
    else
        in.error(line, duration.error());
    return duration.has_value();
}

std::size_t find_condition(const Statement& line) {
    const auto words = line.arguments();
    const auto it =
        std::ranges::find_if(words, [](const auto& word) { return word == "if" || word == "unless"; });
    return static_cast<std::size_t>(it - words.begin());
}

}  // namespace proxyd::config
