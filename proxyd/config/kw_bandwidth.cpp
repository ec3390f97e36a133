// filter bwlim-in, filter bwlim-out (configuration manual of HAProxy 2.7, 9.7): what set-bandwidth-limit
// switches on.
#include <algorithm>
#include <array>

#include "common/keyword_table.h"
#include "common/text.h"
#include "proxyd/config/arguments.h"
#include "proxyd/config/bandwidth.h"
#include "proxyd/rules/bandwidth.h"

namespace proxyd::config {
namespace {

using rules::BandwidthFilter;

struct FilterLine {
    Reading& in;
    const Statement& line;
    BandwidthFilter& filter;
    std::string table;
};

bool take_size(FilterLine& words, const std::string& word, std::uint64_t& out) {
    const auto size = common::parse_size(word);
    if (!size) return words.in.error(words.line, size.error()), false;
    out = *size;
    return true;
}

bool take_limit(FilterLine& words, const std::string& word) {
    return take_size(words, word, words.filter.limit);
}

bool take_period(FilterLine& words, const std::string& word) {
    const auto time = common::parse_duration(word);
    if (!time) return words.in.error(words.line, time.error()), false;
    words.filter.period = *time;
    return true;
}

bool take_least(FilterLine& words, const std::string& word) {
    return take_size(words, word, words.filter.least);
}

bool take_key(FilterLine& words, const std::string& word) {
    auto key = rules::Expression::parse(word, words.in.model.catalogue.get());
    if (!key) return words.in.error(words.line, key.error()), false;
    words.filter.key = std::move(*key);
    return true;
}

bool take_table(FilterLine& words, const std::string& word) {
    words.table = word;
    return true;
}

struct WordRow {
    std::string_view name;
    bool (*take)(FilterLine&, const std::string&);
};
constexpr std::array kWords{
    WordRow{"default-limit", take_limit}, WordRow{"default-period", take_period},
    WordRow{"limit", take_limit},         WordRow{"key", take_key},
    WordRow{"table", take_table},         WordRow{"min-size", take_least},
};

bool says(const Statement& line, std::string_view word) {
    return std::ranges::find(line.arguments(), word) != line.arguments().end();
}

// A limit of its own for each stream, or one for all who have the same key.
bool is_complete(FilterLine& words) {
    const Statement& line = words.line;
    const bool own = says(line, "default-limit") && says(line, "default-period");
    const bool shared = says(line, "limit") && says(line, "key");
    const bool mixed = says(line, "default-limit") != says(line, "default-period") ||
                       says(line, "limit") != says(line, "key") || (says(line, "table") && !shared);
    if (own != shared && !mixed && words.filter.limit > 0 && (shared || words.filter.period.count() > 0))
        return true;
    words.in.error(line, "'filter " + line.argument(0) +
                             "' expects 'default-limit <size> default-period <time>' or 'limit <size> key "
                             "<expression> [table <table>]', above 0");
    return false;
}

}  // namespace

// filter bwlim-in|bwlim-out <name> default-limit <size> default-period <time> [min-size <size>]
// filter bwlim-in|bwlim-out <name> limit <size> key <expression> [table <table>] [min-size <size>]
void add_bandwidth_filter(Reading& in, const Statement& line) {
    const std::string kind = "'filter " + line.argument(0) + "'";
    if (line.count() < 2) return in.error(line, kind + " expects a name");
    rules::Catalogue& catalogue = *in.model.catalogue;
    const auto filter = rules::find_bandwidth_filter(catalogue, line.argument(1));
    if (filter->where.line != 0)
        return in.error(line, kind + ": there is a filter '" + filter->name + "' in this section already");
    filter->where = line.where;
    filter->upload = line.argument(0) == "bwlim-in";
    FilterLine words{in, line, *filter, {}};
    for (std::size_t i = 2; i < line.count(); i += 2) {
        const auto row = std::ranges::find(kWords, line.argument(i), &WordRow::name);
        if (row == kWords.end())
            return in.error(line,
                            kind + ": unknown word '" + line.argument(i) + "'" +
                                common::did_you_mean(line.argument(i),
                                                     common::row_names(std::span<const WordRow>(kWords))));
        if (i + 1 >= line.count())
            return in.error(line, kind + ": '" + line.argument(i) + "' expects a value");
        if (!row->take(words, line.argument(i + 1))) return;
    }
    if (!is_complete(words) || !filter->shared()) return;
    if (words.table.empty()) words.table = in.draft->name;
    filter->table.emplace(words.table);
    catalogue.mentions.push_back({line.where, words.table, {}, "table of filter"});
}

void check_bandwidth_filters(Reading& in) {
    for (const auto& filter : in.model.catalogue->bandwidths) {
        if (filter->where.line == 0)
            in.out.error(filter->mentioned,
                         "'set-bandwidth-limit': there is no 'filter bwlim-in' or 'filter "
                         "bwlim-out' named '" +
                             filter->name + "' in this section");
        if (!filter->table) continue;
        const auto section = std::ranges::find_if(
            in.proxies, [&](const auto& draft) { return draft->name == filter->table->name(); });
        if (section == in.proxies.end() || !(*section)->settings->stick_table) continue;  // complained about
        const auto wanted =
            filter->upload ? state::StickData::bytes_in_rate : state::StickData::bytes_out_rate;
        const auto& stored = (*section)->settings->stick_table->stored;
        if (std::ranges::find(stored, wanted, &state::StickTableSettings::Stored::data) == stored.end())
            in.out.error(filter->where, "the stick-table of '" + (*section)->name + "' must store " +
                                            (filter->upload ? "bytes_in_rate" : "bytes_out_rate") +
                                            " for the filter '" + filter->name + "'");
    }
}

}  // namespace proxyd::config
