#include "proxyd/config/keywords.h"

#include <catch2/catch.hpp>

#include "common/text.h"

// What does nothing here says what happens instead, or why nothing can.
TEST_CASE("every row without effect has a reason of its own") {
    const std::string text = proxyd::config::keywords_text();
    for (const std::string_view line : common::split(text, '\n')) {
        const auto columns = common::split(line, '\t');
        if (columns.size() < 4 || columns[2] == "works") continue;
        CAPTURE(line);
        CHECK(columns[3].size() > 4);
        CHECK_FALSE(columns[3].contains("not supported yet"));
        CHECK_FALSE(columns[3].contains("by itself"));
    }
}
