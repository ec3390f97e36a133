// Tables of the words after a keyword: `bind ADDRESS ssl crt FILE`, `server NAME ADDRESS check inter 2s`. One
// row and one function per word, as for keywords.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "common/keyword_table.h"
#include "proxyd/config/reading.h"

namespace proxyd::config {

// What a word's function sees: its own arguments and the line they are on.
struct WordInput {
    Reading& in;
    const Statement& line;
    std::string_view name;
    std::span<const std::string> arguments;
    std::string_view parameter = {};  // of a called word: what stands in its parentheses

    void error(std::string_view text) const {
        in.error(line, "'" + line.words.front() + "' word '" + std::string(name) + "': " + std::string(text));
    }
    void no_effect(std::string_view why) const {
        in.no_effect(line, "'" + std::string(name) + "' of '" + line.words.front() + "'", why);
    }
};

template <class Target>
struct WordRow {
    std::string_view name;
    int arguments = 0;  // that follow the word
    void (*apply)(const WordInput& word, Target& target) = nullptr;
    Effect effect = Effect::works;
    std::string_view usage;
    std::string_view text;  // help; reason of the other effects
    bool called = false;    // its name carries a parameter in parentheses
};

template <class Target>
constexpr WordRow<Target> inert_word(std::string_view name, int arguments, std::string_view reason) {
    return {name, arguments, nullptr, Effect::none, "", reason, false};
}
template <class Target>
constexpr WordRow<Target> refused_word(std::string_view name, int arguments, std::string_view reason) {
    return {name, arguments, nullptr, Effect::refused, "", reason, false};
}

// "name(parameter)" of a called word; the parameter is empty for others.
struct CalledWord {
    std::string_view name, parameter;
};
CalledWord split_called_word(std::string_view word);

// Runs the row of every word from `words`; complaints go to the line.
template <class Target>
void read_words(Reading& in, const Statement& line, std::span<const std::string> words,
                std::span<const WordRow<Target>> table, Target& target) {
    while (!words.empty()) {
        const std::string& name = words.front();
        words = words.subspan(1);
        const CalledWord called = split_called_word(name);
        const WordRow<Target>* row = common::find_row(table, called.name);
        if (row != nullptr && row->called != (called.name.size() != name.size())) row = nullptr;
        if (row == nullptr) {
            in.error(line, "'" + line.words.front() + "': unknown word '" + name + "'" +
                               common::did_you_mean(name, common::row_names(table)));
            return;  // its arguments cannot be told from words
        }
        const auto count = static_cast<std::size_t>(row->arguments);
        if (words.size() < count) {
            in.error(line, "'" + line.words.front() + "': '" + name + "' expects " +
                               (row->usage.empty() ? std::string("an argument") : std::string(row->usage)));
            return;
        }
        const WordInput input{in, line, row->name, words.first(count), called.parameter};
        words = words.subspan(count);
        if (row->effect == Effect::none) input.no_effect(row->text);
        if (row->effect == Effect::refused) input.error("refused: " + std::string(row->text));
        if (row->apply != nullptr) row->apply(input, target);
    }
}

// A number within bounds into an int; false after a complaint.
bool read_number(const WordInput& word, long low, long high, int& value);
bool read_duration(const WordInput& word, common::Duration& value);

}  // namespace proxyd::config
