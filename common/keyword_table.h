// Tables of keywords: a row carries a name, its meaning and a line of help; look-up, "did you mean" and
// printed reference come from the same table. Rows are any struct with a `std::string_view name` member.
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace common {

// Optimal string alignment distance (insert, delete, replace, swap of neighbours); cheap enough for words.
std::size_t edit_distance(std::string_view a, std::string_view b);

// The candidate nearest to `word`, or empty when none is near enough to be a likely slip.
std::string_view nearest(std::string_view word, std::span<const std::string_view> candidates);

// "; did you mean 'bind'?" or an empty string.
std::string did_you_mean(std::string_view word, std::span<const std::string_view> candidates);

template <class Row>
const Row* find_row(std::span<const Row> table, std::string_view name) {
    const auto it = std::ranges::find(table, name, &Row::name);
    return it == table.end() ? nullptr : &*it;
}

template <class Row>
std::vector<std::string_view> row_names(std::span<const Row> table) {
    std::vector<std::string_view> names;
    for (const Row& row : table) names.push_back(row.name);
    return names;
}

}  // namespace common
