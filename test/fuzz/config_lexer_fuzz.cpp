// Feeds arbitrary bytes to the configuration lexer: no crash, no word from nothing, quoting round trip.
#include <cstdint>
#include <cstdlib>

#include "proxyd/config/lexer.h"

namespace {

std::optional<std::string> variable(std::string_view name) {
    if (name == "A") return "one two  three";
    if (name == "EMPTY") return "";
    return std::nullopt;
}

// Written in strong quotes a word must come back as it was.
void check_round_trip(const std::string& word) {
    if (word.find('\'') != std::string::npos) return;
    const auto again = proxyd::config::tokenize("'" + word + "'", variable);
    if (!again || again->size() != 1 || again->front() != word) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    (void)proxyd::config::find_foreign_byte(text);
    for (const std::string_view line : proxyd::config::split_lines(text).lines) {
        const auto words = proxyd::config::tokenize(line, variable);
        if (!words) {
            if (words.error().column == 0 || words.error().column > line.size() + 1) std::abort();
            continue;
        }
        for (const std::string& word : *words) check_round_trip(word);
    }
    return 0;
}
