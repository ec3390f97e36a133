// From a line to its keyword's handler: prefixes, look-up in the tables, place, number of arguments.
#include <algorithm>

#include "common/keyword_table.h"
#include "proxyd/config/reading.h"
#include "proxyd/config/section.h"

namespace proxyd::config {
namespace {

std::string quoted(std::string_view text) {
    return "'" + std::string(text) + "'";
}

// "in 'frontend' section"
std::string in_section(const Reading& in) {
    return " in '" + std::string(in.section->name) + "' section";
}

struct Found {
    const Keyword* row = nullptr;
    bool elsewhere = false;     // the row is for other sections
    bool known_prefix = false;  // the first word begins two-word keywords of this section
};

// The row for this section if there is one, else one for another section.
void consider(Found& found, std::span<const Keyword> rows, std::string_view name, Sections section) {
    // Among rows for other sections the one for the other kind of proxy is more likely to be meant.
    const auto nearness = [&](const Keyword& row) {
        if ((row.where & section) != 0) return 2;
        return (section & kProxies) != 0 && (row.where & kProxies) != 0 ? 1 : 0;
    };
    for (const Keyword& row : rows) {
        const bool named = row.called
                               ? name.starts_with(row.name) && name.substr(row.name.size()).starts_with('(')
                               : row.name == name;
        if (!named || (found.row != nullptr && nearness(row) <= nearness(*found.row))) continue;
        found.row = &row;
        found.elsewhere = (row.where & section) == 0;
    }
}

Found find_keyword(const Statement& line, Sections section, std::size_t& first_argument) {
    Found two_words, one_word;
    for (const KeywordTable& table : keyword_tables()) {
        if (table.prefix.empty()) {
            consider(one_word, table.rows, line.words[0], section);
        } else if (table.prefix == line.words[0]) {
            two_words.known_prefix |= std::ranges::any_of(
                table.rows, [&](const Keyword& row) { return (row.where & section) != 0; });
            if (line.words.size() > 1) consider(two_words, table.rows, line.words[1], section);
        }
    }
    const bool here = one_word.row != nullptr && !one_word.elsewhere;
    const bool two = two_words.row != nullptr && (!two_words.elsewhere || !here);
    first_argument = two ? 2 : 1;
    if (two_words.known_prefix && !here) one_word.row = nullptr;
    one_word.known_prefix = two_words.known_prefix;
    return two ? two_words : one_word;
}

void unknown_keyword(Reading& in, const Statement& line, bool known_prefix) {
    std::vector<std::string_view> names;
    for (const KeywordTable& table : keyword_tables()) {
        if (table.prefix != (known_prefix ? std::string_view(line.words[0]) : std::string_view())) {
            if (!known_prefix) names.push_back(table.prefix);
            continue;
        }
        for (const Keyword& row : table.rows)
            if ((row.where & in.section->bit) != 0) names.push_back(row.name);
    }
    if (!known_prefix) {
        for (const SectionKind& kind : section_kinds()) names.push_back(kind.name);
        in.error(line, "unknown keyword " + quoted(line.words[0]) + in_section(in) +
                           common::did_you_mean(line.words[0], names));
    } else if (line.words.size() < 2) {
        in.error(line, quoted(line.words[0]) + " expects a second word");
    } else {
        in.error(line, "unknown keyword " + quoted(line.words[0] + " " + line.words[1]) + in_section(in) +
                           common::did_you_mean(line.words[1], names));
    }
}

// A proxy keyword on the wrong side is ignored as by HAProxy; anything else in the wrong place is refused.
void misplaced(Reading& in, const Statement& line, const Keyword& row) {
    const Sections here = in.section->bit;
    const bool own_proxy = (here & kOwnProxies) != 0;
    const Sections proxies = row.where & kOwnProxies;
    constexpr std::string_view kServers = "server";
    if (own_proxy && proxies != 0 && !line.words[0].starts_with(kServers)) {
        const std::string_view lacks = here == kBackend ? "frontend" : "backend";
        in.warning(
            line,
            quoted(line.name()) + " ignored because " + std::string(in.section->name) + " " +
                quoted(in.section_name) + " has no " + std::string(lacks) + " capability" +
                (line.words[0] == "maxconn" ? "; 'fullconn' or the server's 'maxconn' may be meant" : ""));
        return;
    }
    in.error(line, quoted(line.name()) + " is not allowed" + in_section(in) + " (only in " +
                       section_names(row.where) + ")");
}

bool count_fits(Reading& in, const Statement& line, const Keyword& row) {
    const auto count = static_cast<int>(line.count());
    if (line.no || line.reset) return true;  // prefixes need no arguments; handlers ignore them
    const std::string usage = row.usage.empty() ? std::string() : " " + std::string(row.usage);
    if (count < row.min_arguments) {
        in.error(line, quoted(line.name()) + " expects" + usage + ", but the line ends before");
        return false;
    }
    if (row.max_arguments >= 0 && count > row.max_arguments) {
        in.error(line,
                 quoted(line.name()) + (usage.empty() ? " takes no argument" : " expects only" + usage) +
                     ", unexpected " + quoted(line.argument(static_cast<std::size_t>(row.max_arguments))));
        return false;
    }
    return true;
}

bool prefix_fits(Reading& in, const Statement& line, const Keyword& row) {
    if (!line.no && !line.reset) return true;
    if ((row.prefixes & (line.no ? kNo : kDefault)) != 0) return true;
    in.error(line, quoted(line.no ? "no" : "default") + " cannot stand before " + quoted(line.name()));
    return false;
}

// False: the row's effect is that the line is not executed.
bool announce(Reading& in, const Statement& line, const Keyword& row) {
    switch (row.effect) {
        case Effect::works:
            return true;
        case Effect::silent:
            return row.handler != nullptr;
        case Effect::none:
            if (!line.no && !line.reset) in.no_effect(line, quoted(line.name()), row.text);
            return false;
        case Effect::removed:
            in.warning(line, quoted(line.name()) + " was removed from HAProxy and still works here; write " +
                                 std::string(row.text));
            return true;
        case Effect::refused:
            in.error(line, quoted(line.name()) + " is refused: " + std::string(row.text));
            return false;
    }
    return false;
}

void take_prefix(Statement& line) {
    if (line.words.size() < 2 || (line.words[0] != "no" && line.words[0] != "default")) return;
    line.no = line.words[0] == "no";
    line.reset = !line.no;
    line.words.erase(line.words.begin());
}

}  // namespace

std::string section_names(Sections sections) {
    std::string out;
    for (const SectionKind& kind : section_kinds()) {
        if ((sections & kind.bit) == 0) continue;
        if (!out.empty()) out += ", ";
        out += kind.name;
    }
    return out;
}

void dispatch(Reading& in, Statement& line) {
    take_prefix(line);
    const Found found = find_keyword(line, in.section->bit, line.first_argument);
    if (found.row == nullptr) return unknown_keyword(in, line, found.known_prefix);
    const Keyword& row = *found.row;
    if (found.elsewhere) return misplaced(in, line, row);
    if (!prefix_fits(in, line, row) || !count_fits(in, line, row) || !announce(in, line, row)) return;
    in.model.catalogue->line = line.where;
    if (row.handler != nullptr) row.handler(in, line);
}

}  // namespace proxyd::config
