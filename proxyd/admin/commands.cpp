#include "proxyd/admin/commands.h"

#include <algorithm>

#include "common/keyword_table.h"
#include "common/text.h"

namespace proxyd::admin {

namespace {

constexpr std::size_t kHelpColumn = 40;

// How many of `words` the name takes; 0 when they do not begin with it.
std::size_t match(std::string_view name, std::span<const std::string> words) {
    const std::vector<std::string_view> parts = common::split(name, ' ');
    if (parts.size() > words.size()) return 0;
    return std::ranges::equal(parts, words.first(parts.size())) ? parts.size() : 0;
}

// Rows that share the first word with what was typed, or nearly.
std::vector<const CommandRow*> likely(std::string_view first_word) {
    std::vector<std::string_view> first_words;
    for (const CommandRow* row : all_commands()) first_words.push_back(common::split(row->name, ' ').front());
    const bool known = std::ranges::find(first_words, first_word) != first_words.end();
    const std::string_view wanted = known ? first_word : common::nearest(first_word, first_words);
    std::vector<const CommandRow*> rows;
    for (const CommandRow* row : all_commands()) {
        if (common::split(row->name, ' ').front() == wanted) rows.push_back(row);
    }
    return rows;
}

std::string explain_unknown(const CliContext& context, const Command& command) {
    const auto rows = likely(command.words.front());
    if (rows.empty()) return "Unknown command. Try 'help'.\n";
    return "Unknown command, but maybe one of the following ones is a better match:\n" +
           help_text(context.level, rows);
}

}  // namespace

std::vector<const CommandRow*> all_commands() {
    std::vector<const CommandRow*> rows;
    for (const auto table :
         {show_commands(), server_commands(), session_commands(), pattern_commands(), variable_commands(),
          table_commands(), cache_commands(), peers_commands(), event_commands(), resolvers_commands()}) {
        for (const CommandRow& row : table) rows.push_back(&row);
    }
    return rows;
}

std::string help_text(Level level, std::span<const CommandRow* const> rows) {
    std::string text;
    for (const CommandRow* row : rows) {
        if (row->level > level || row->help.empty()) continue;
        std::string line = "  " + std::string(row->name);
        if (!row->arguments.empty()) line += " " + std::string(row->arguments);
        line.resize(std::max(line.size(), kHelpColumn + 2), ' ');
        text += line + ": " + std::string(row->help) + "\n";
    }
    return text;
}

std::string run_command(CliContext& context, const Command& command) {
    const CommandRow* best = nullptr;
    std::size_t best_words = 0;
    for (const CommandRow* row : all_commands()) {
        const std::size_t words = match(row->name, command.words);
        if (words > best_words) {
            best = row;
            best_words = words;
        }
    }
    if (best == nullptr) return explain_unknown(context, command);
    if (best->level > context.level) return "Permission denied\n";
    return best->run({context, std::span(command.words).subspan(best_words), command.payload});
}

}  // namespace proxyd::admin
