// show table, set table, clear table (management manual 9.3).
#include <algorithm>
#include <functional>
#include <optional>

#include "common/keyword_table.h"
#include "common/text.h"
#include "proxyd/admin/commands.h"
#include "proxyd/rules/tracking.h"

namespace proxyd::admin {

namespace {

using state::StickData;
using state::StickTable;

struct NamedTable {
    std::string_view name;
    StickTable* table = nullptr;
};

std::vector<NamedTable> tables(const CommandCall& call) {
    std::vector<NamedTable> out;
    for (const auto& proxy : call.context.view->runtime->state->proxies)
        if (proxy->table != nullptr) out.push_back({proxy->name, proxy->table.get()});
    return out;
}

std::optional<NamedTable> find_table(const CommandCall& call) {
    for (const NamedTable& each : tables(call))
        if (each.name == call.argument(0)) return each;
    return std::nullopt;
}

std::string headline(const NamedTable& which) {
    constexpr std::array<std::string_view, 5> kTypes{"ip", "ipv6", "integer", "string", "binary"};
    const auto& settings = which.table->settings();
    return "# table: " + std::string(which.name) +
           ", type: " + std::string(kTypes[static_cast<std::size_t>(settings.key)]) +
           ", size:" + std::to_string(settings.size) + ", used:" + std::to_string(which.table->used()) + "\n";
}

std::uint64_t value_of(const StickTable& table, const StickTable::Entry& entry, StickData data,
                       unsigned element) {
    const auto place = table.place(data, element);
    if (!place) return 0;
    const StickTable::Cell& cell = entry.cells[*place];
    const std::int64_t period = table.period_ms(data);
    return period > 0 ? cell.rate.read(StickTable::now_ms(), period) : cell.count;
}

std::string entry_line(const StickTable& table, const StickTable::Entry& entry) {
    char head[64];
    std::snprintf(head, sizeof head, "%p: key=", static_cast<const void*>(&entry));
    std::string text = head + rules::stick_key_text(table, entry.key) + " use=" + std::to_string(entry.users);
    const auto left = table.settings().expire_ms > 0
                          ? std::max<std::int64_t>(entry.expires_ms - StickTable::now_ms(), 0)
                          : 0;
    text += " exp=" + std::to_string(left);
    for (const auto& stored : table.settings().stored) {
        const auto row = std::ranges::find(state::stick_data_rows(), stored.data, &state::StickDataRow::data);
        for (unsigned element = 0; element < stored.elements; ++element) {
            text += " " + std::string(row->name);
            if (row->is_array) text += std::to_string(element);
            if (row->is_rate) text += "(" + std::to_string(stored.period_ms) + ")";
            text += "=" + std::to_string(value_of(table, entry, stored.data, element));
        }
    }
    return text + "\n";
}

// "data.<name> <op> <value>": which entries are meant.
using Filter = std::function<bool(const StickTable::Entry&)>;

struct Comparison {
    std::string_view name;
    bool (*holds)(std::uint64_t, std::uint64_t);
};
constexpr std::array kComparisons{
    Comparison{"eq", [](std::uint64_t a, std::uint64_t b) { return a == b; }},
    Comparison{"ne", [](std::uint64_t a, std::uint64_t b) { return a != b; }},
    Comparison{"le", [](std::uint64_t a, std::uint64_t b) { return a <= b; }},
    Comparison{"ge", [](std::uint64_t a, std::uint64_t b) { return a >= b; }},
    Comparison{"lt", [](std::uint64_t a, std::uint64_t b) { return a < b; }},
    Comparison{"gt", [](std::uint64_t a, std::uint64_t b) { return a > b; }},
};

common::Result<StickData> stored_data(const StickTable& table, std::string_view word) {
    constexpr std::string_view kPrefix = "data.";
    const auto fail = [](const char* text) { return common::fail(text, common::Side::client); };
    if (!word.starts_with(kPrefix)) return fail("Data type must start with data.");
    const auto* row = common::find_row(state::stick_data_rows(), word.substr(kPrefix.size()));
    if (row == nullptr) return fail("Unknown data type");
    if (!table.place(row->data)) return fail("Data type not stored in this table");
    return row->data;
}

common::Result<Filter> parse_filter(const StickTable& table, std::span<const std::string> words) {
    const auto fail = [](const char* text) { return common::fail(text, common::Side::client); };
    if (words.empty()) return Filter([](const StickTable::Entry&) { return true; });
    std::vector<std::function<bool(const StickTable::Entry&)>> all;
    for (; !words.empty(); words = words.subspan(3)) {
        if (words.size() < 3)
            return fail("Optional argument only supports \"data.<store_data_type>\" and key");
        const auto data = stored_data(table, words[0]);
        if (!data) return std::unexpected(data.error());
        const auto row = std::ranges::find(kComparisons, words[1], &Comparison::name);
        if (row == kComparisons.end())
            return fail("Require and operator among \"eq\", \"ne\", \"le\", \"ge\", \"lt\", \"gt\"");
        const auto value = common::parse_number(words[2], 0, INT64_MAX);
        if (!value) return fail("Require a valid integer value to compare against");
        all.push_back([&table, data = *data, holds = row->holds,
                       value = static_cast<std::uint64_t>(*value)](const StickTable::Entry& entry) {
            return holds(value_of(table, entry, data, 0), value);
        });
    }
    return Filter([all](const StickTable::Entry& entry) {
        return std::ranges::all_of(all, [&](const auto& each) { return each(entry); });
    });
}

bool parse_key(const StickTable& table, std::string_view text, std::string& key) {
    common::Arena arena;
    rules::Sample sample;
    sample.set_text(text);
    return rules::stick_key(table, sample, &arena, key);
}

std::string show(const CommandCall& call) {
    std::string text;
    if (call.arguments.empty()) {
        for (const NamedTable& each : tables(call)) text += headline(each);
        return text;
    }
    const auto which = find_table(call);
    if (!which) return "No such table\n";
    if (call.argument(1) == "key") {
        std::string key;
        if (call.arguments.size() < 3) return "Key value expected\n";
        if (!parse_key(*which->table, call.argument(2), key)) return "Invalid key\n";
        which->table->with(key, false, false, [&](const StickTable::Entry& entry) {
            text = headline(*which) + entry_line(*which->table, entry);
        });
        return text;
    }
    const auto filter = parse_filter(*which->table, call.arguments.subspan(1));
    if (!filter) return filter.error().text + "\n";
    text = headline(*which);
    which->table->for_each([&](const StickTable::Entry& entry) {
        if ((*filter)(entry)) text += entry_line(*which->table, entry);
    });
    return text;
}

std::string clear(const CommandCall& call) {
    if (call.arguments.empty())
        return "Required arguments: <table> \"data.<store_data_type>\" <operator> <value> or <table> key "
               "<key>\n";
    const auto which = find_table(call);
    if (!which) return "No such table\n";
    if (call.argument(1) == "key") {
        std::string key;
        if (call.arguments.size() < 3) return "Key value expected\n";
        if (!parse_key(*which->table, call.argument(2), key)) return "Invalid key\n";
        bool known = false;
        which->table->with(key, false, false, [&](const StickTable::Entry&) { known = true; });
        return which->table->remove(key) || !known ? std::string()
                                                   : "Entry currently in use, cannot remove\n";
    }
    const auto filter = parse_filter(*which->table, call.arguments.subspan(1));
    if (!filter) return filter.error().text + "\n";
    which->table->remove_if(*filter);
    return {};
}

std::string set(const CommandCall& call) {
    const auto which = find_table(call);
    if (!which)
        return call.arguments.empty()
                   ? "Required arguments: <table> key <key> data.<store_data_type> <value>\n"
                   : "No such table\n";
    if (call.argument(1) != "key" || call.arguments.size() < 3) return "Key value expected\n";
    std::string key;
    if (!parse_key(*which->table, call.argument(2), key)) return "Invalid key\n";
    std::vector<std::pair<StickData, std::int64_t>> values;
    for (auto words = call.arguments.subspan(3); !words.empty(); words = words.subspan(2)) {
        const auto data = stored_data(*which->table, words[0]);
        if (!data) return data.error().text + "\n";
        const auto value = words.size() > 1 ? common::parse_number(words[1], 0, INT64_MAX)
                                            : common::Result<std::int64_t>(std::unexpected(common::Error()));
        if (!value) return "Require a valid integer value to store\n";
        values.emplace_back(*data, *value);
    }
    StickTable& table = *which->table;
    const bool made = table.with(key, true, true, [&](StickTable::Entry& entry) {
        for (const auto& [data, value] : values) {
            StickTable::Cell& cell = entry.cells[*table.place(data)];
            const std::int64_t period = table.period_ms(data);
            if (period > 0) {
                cell.rate = {StickTable::now_ms(), static_cast<std::uint32_t>(value), 0};
            } else {
                cell.count = static_cast<std::uint64_t>(value);
            }
        }
    });
    return made ? std::string() : "Unable to allocate a new entry\n";
}

constexpr CommandRow kRows[] = {
    {"clear table", "<table> [<filter>]*", "remove an entry from a table (filter: data/key)", Level::oper,
     clear},
    {"set table", "<table> key <k> [data.* <v>]*", "update or create a table entry's data", Level::oper, set},
    {"show table", "<table> [<filter>]*",
     "report table usage stats or dump this table's contents (filter: data/key)", Level::user, show},
};

}  // namespace

std::span<const CommandRow> table_commands() {
    return kRows;
}

}  // namespace proxyd::admin
