// What stick tables know (configuration manual 7.3.3, 7.3.1): sc_X(N), sc0_X, sc1_X, sc2_X of what is
// tracked, src_X of the client's address, table_X(table) of any key. One row of kQuantities per X; the names
// of each X are made from it.
#include <algorithm>
#include <array>
#include <deque>
#include <utility>

#include "proxyd/rules/registry.h"
#include "proxyd/rules/tracking.h"

namespace proxyd::rules {
namespace {

using state::StickData;
using state::StickTable;

enum class Use : unsigned char { read, read_kilobytes, increment, clear };

struct Quantity {
    std::string_view name;
    StickData data;
    bool is_rate;
    Use use = Use::read;
    StickData rate = StickData::server_id;  // increment: counted, too
    bool indexed = false;                   // the first argument says which element of an array
    std::string_view converter = {};        // name of table_X; empty: none
};

constexpr std::array kQuantities{
    Quantity{"bytes_in_rate", StickData::bytes_in_rate, true, Use::read, {}, false, "bytes_in_rate"},
    Quantity{"bytes_out_rate", StickData::bytes_out_rate, true, Use::read, {}, false, "bytes_out_rate"},
    Quantity{"clr_gpc0", StickData::gpc0, false, Use::clear},
    Quantity{"clr_gpc1", StickData::gpc1, false, Use::clear},
    Quantity{"clr_gpc", StickData::gpc, false, Use::clear, {}, true},
    Quantity{"conn_cnt", StickData::conn_cnt, false, Use::read, {}, false, "conn_cnt"},
    Quantity{"conn_cur", StickData::conn_cur, false, Use::read, {}, false, "conn_cur"},
    Quantity{"conn_rate", StickData::conn_rate, true, Use::read, {}, false, "conn_rate"},
    Quantity{"get_gpc0", StickData::gpc0, false, Use::read, {}, false, "gpc0"},
    Quantity{"get_gpc1", StickData::gpc1, false, Use::read, {}, false, "gpc1"},
    Quantity{"get_gpc", StickData::gpc, false, Use::read, {}, true, "gpc"},
    Quantity{"get_gpt0", StickData::gpt0, false, Use::read, {}, false, "gpt0"},
    Quantity{"get_gpt", StickData::gpt, false, Use::read, {}, true, "gpt"},
    Quantity{"gpc0_rate", StickData::gpc0_rate, true, Use::read, {}, false, "gpc0_rate"},
    Quantity{"gpc1_rate", StickData::gpc1_rate, true, Use::read, {}, false, "gpc1_rate"},
    Quantity{"gpc_rate", StickData::gpc_rate, true, Use::read, {}, true, "gpc_rate"},
    Quantity{"http_err_cnt", StickData::http_err_cnt, false, Use::read, {}, false, "http_err_cnt"},
    Quantity{"http_err_rate", StickData::http_err_rate, true, Use::read, {}, false, "http_err_rate"},
    Quantity{"http_fail_cnt", StickData::http_fail_cnt, false, Use::read, {}, false, "http_fail_cnt"},
    Quantity{"http_fail_rate", StickData::http_fail_rate, true, Use::read, {}, false, "http_fail_rate"},
    Quantity{"http_req_cnt", StickData::http_req_cnt, false, Use::read, {}, false, "http_req_cnt"},
    Quantity{"http_req_rate", StickData::http_req_rate, true, Use::read, {}, false, "http_req_rate"},
    Quantity{"inc_gpc0", StickData::gpc0, false, Use::increment, StickData::gpc0_rate},
    Quantity{"inc_gpc1", StickData::gpc1, false, Use::increment, StickData::gpc1_rate},
    Quantity{"inc_gpc", StickData::gpc, false, Use::increment, StickData::gpc_rate, true},
    Quantity{"kbytes_in", StickData::bytes_in_cnt, false, Use::read_kilobytes, {}, false, "kbytes_in"},
    Quantity{"kbytes_out", StickData::bytes_out_cnt, false, Use::read_kilobytes, {}, false, "kbytes_out"},
    Quantity{"sess_cnt", StickData::sess_cnt, false, Use::read, {}, false, "sess_cnt"},
    Quantity{"sess_rate", StickData::sess_rate, true, Use::read, {}, false, "sess_rate"},
};

// The number at one place of an entry, after what the quantity does to it. False: the table does not store
// it.
bool take(const Quantity& quantity, unsigned element, const StickTable& table, StickTable::Entry& entry,
          std::int64_t& out) {
    const auto place = table.place(quantity.data, element);
    const auto rate = table.place(quantity.rate, element);
    if (!place && (quantity.use != Use::increment || !rate)) return false;
    StickTable::Cell none;
    StickTable::Cell& cell = place ? entry.cells[*place] : none;
    out = static_cast<std::int64_t>(quantity.use == Use::read_kilobytes ? cell.count >> 10 : cell.count);
    if (quantity.is_rate) out = cell.rate.read(StickTable::now_ms(), table.period_ms(quantity.data));
    if (quantity.use == Use::clear) cell.count = 0;
    if (quantity.use == Use::increment) {
        if (place) out = static_cast<std::int64_t>(++cell.count);
        if (rate) entry.cells[*rate].rate.add(1, StickTable::now_ms(), table.period_ms(quantity.rate));
    }
    return true;
}

// Of an entry that may not exist: 0 then. An increment makes it.
bool of_key(const Quantity& quantity, unsigned element, StickTable& table, std::string_view key,
            Sample& out) {
    std::int64_t number = 0;
    bool stored = table.place(quantity.data, element).has_value();
    const bool create = quantity.use == Use::increment;
    table.with(key, create, create,
               [&](StickTable::Entry& entry) { stored = take(quantity, element, table, entry, number); });
    return stored && (out.set_int(number), true);
}

StickTable* table_of(state::ProxyState* proxy) {
    return proxy != nullptr ? proxy->table.get() : nullptr;
}

state::ProxyState* own_proxy(const Context& context) {
    return context.backend != nullptr ? context.backend : context.frontend;
}

// Which entry a row speaks of.
enum class Subject : unsigned char { sc0, sc1, sc2, any_sc, source };

const Tracking::Slot* tracked(const Context& context, std::size_t which) {
    if (which >= kTrackedCounters) return nullptr;
    for (const Tracking* tracking : {context.session_tracking, context.tracking})
        if (tracking != nullptr && tracking->slot(which).entry != nullptr) return &tracking->slot(which);
    return nullptr;
}

template <Subject subject>
std::size_t counter(const Arguments& arguments, std::size_t& next_argument) {
    if constexpr (subject == Subject::any_sc)
        return static_cast<std::size_t>(arguments.number(next_argument++));
    return static_cast<std::size_t>(subject);
}

template <Subject subject, std::size_t which>
bool fetch(const Context& context, const Arguments& arguments, Cursor&, Sample& out) {
    const Quantity& quantity = kQuantities[which];
    std::size_t next = 0;
    const unsigned element = quantity.indexed ? static_cast<unsigned>(arguments.number(next++)) : 0;
    if constexpr (subject == Subject::source) {
        StickTable* const table = table_of(arguments.proxy(next, context, own_proxy(context)));
        thread_local std::string key;
        Sample source;
        if (table == nullptr || !source.set_address(context.source) ||
            !stick_key(*table, source, context.arena, key))
            return false;
        return of_key(quantity, element, *table, key, out);
    } else {
        const Tracking::Slot* const slot = tracked(context, counter<subject>(arguments, next));
        if (slot == nullptr) return false;
        StickTable* const other = table_of(arguments.proxy(next, context, nullptr));
        if (other != nullptr && other != slot->table)
            return of_key(quantity, element, *other, slot->entry->key, out);
        std::int64_t number = 0;
        bool stored = false;
        slot->table->with(*slot->entry, [&](StickTable::Entry& entry) {
            stored = take(quantity, element, *slot->table, entry, number);
        });
        return stored && (out.set_int(number), true);
    }
}

template <std::size_t which>
bool convert(const Context& context, const Arguments& arguments, Sample& sample) {
    const Quantity& quantity = kQuantities[which];
    std::size_t next = 0;
    const unsigned element = quantity.indexed ? static_cast<unsigned>(arguments.number(next++)) : 0;
    StickTable* const table = table_of(arguments.proxy(next, context, own_proxy(context)));
    thread_local std::string key;
    if (table == nullptr || !stick_key(*table, sample, context.arena, key)) return false;
    return of_key(quantity, element, *table, key, sample);
}

// tracked, trackers: of the counter itself.
template <Subject subject>
bool fetch_tracked(const Context& context, const Arguments& arguments, Cursor&, Sample& out) {
    std::size_t next = 0;
    return out.set_bool(tracked(context, counter<subject>(arguments, next)) != nullptr), true;
}
template <Subject subject>
bool fetch_trackers(const Context& context, const Arguments& arguments, Cursor&, Sample& out) {
    std::size_t next = 0;
    const Tracking::Slot* const slot = tracked(context, counter<subject>(arguments, next));
    if (slot == nullptr) return false;
    std::int64_t users = 0;
    slot->table->with(*slot->entry, [&](const StickTable::Entry& entry) { users = entry.users; });
    return out.set_int(users), true;
}

bool fetch_table_count(const Context& context, const Arguments& arguments, Cursor&, Sample& out) {
    const StickTable* const table = table_of(arguments.proxy(0, context, own_proxy(context)));
    return table != nullptr && (out.set_int(static_cast<std::int64_t>(table->used())), true);
}
bool fetch_table_available(const Context& context, const Arguments& arguments, Cursor&, Sample& out) {
    const StickTable* const table = table_of(arguments.proxy(0, context, own_proxy(context)));
    if (table == nullptr) return false;
    return out.set_int(static_cast<std::int64_t>(table->settings().size -
                                                 std::min(table->used(), table->settings().size))),
           true;
}

bool convert_in_table(const Context& context, const Arguments& arguments, Sample& sample) {
    StickTable* const table = table_of(arguments.proxy(0, context, own_proxy(context)));
    thread_local std::string key;
    if (table == nullptr || !stick_key(*table, sample, context.arena, key)) return false;
    return sample.set_bool(table->with(key, false, false, [](StickTable::Entry&) {})), true;
}

// What an entry itself has, for converters: table_X(table[, value without an entry]).
std::int64_t expires_in(const StickTable& table, const StickTable::Entry& entry) {
    if (table.settings().expire_ms == 0) return 0;
    return std::max<std::int64_t>(0, entry.expires_ms - StickTable::now_ms());
}
std::int64_t idle_for(const StickTable& table, const StickTable::Entry& entry) {
    return table.settings().expire_ms == 0 ? 0 : table.settings().expire_ms - expires_in(table, entry);
}
std::int64_t tracked_by(const StickTable&, const StickTable::Entry& entry) {
    return entry.users;
}
std::int64_t server_of(const StickTable& table, const StickTable::Entry& entry) {
    const auto place = table.place(StickData::server_id);
    return place ? static_cast<std::int64_t>(entry.cells[*place].count) : 0;
}

template <std::int64_t (*Figure)(const StickTable&, const StickTable::Entry&), bool has_default>
bool convert_entry(const Context& context, const Arguments& arguments, Sample& sample) {
    StickTable* const table = table_of(arguments.proxy(0, context, own_proxy(context)));
    thread_local std::string key;
    if (table == nullptr || !stick_key(*table, sample, context.arena, key)) return false;
    std::int64_t number = arguments.number(1);
    const bool found = table->with(key, false, false,
                                   [&](const StickTable::Entry& entry) { number = Figure(*table, entry); });
    return (found || !has_default || arguments.has(1)) && (sample.set_int(number), true);
}

// Counts a connection of the client's address by being looked at.
bool fetch_updated_connections(const Context& context, const Arguments& arguments, Cursor&, Sample& out) {
    StickTable* const table = table_of(arguments.proxy(0, context, own_proxy(context)));
    thread_local std::string key;
    Sample source;
    if (table == nullptr || !source.set_address(context.source) ||
        !stick_key(*table, source, context.arena, key))
        return false;
    const auto place = table->place(StickData::conn_cnt);
    return place && table->with(key, true, true, [&](StickTable::Entry& entry) {
        out.set_int(static_cast<std::int64_t>(++entry.cells[*place].count));
    });
}

constexpr auto kNumber = ArgumentKind::number;
constexpr auto kTable = ArgumentKind::proxy;

constexpr ArgumentSpec arguments_of(Subject subject, bool indexed) {
    if (subject == Subject::any_sc)
        return indexed ? ArgumentSpec{2, {kNumber, kNumber, kTable}} : ArgumentSpec{1, {kNumber, kTable}};
    return indexed ? ArgumentSpec{1, {kNumber, kTable}} : ArgumentSpec{0, {kTable}};
}

struct Names {
    std::deque<std::string> texts;  // that rows point to
    std::string_view keep(std::string text) { return texts.emplace_back(std::move(text)); }
};
Names& names() {
    static Names all;
    return all;
}

constexpr std::array<std::string_view, 5> kPrefixes{"sc0_", "sc1_", "sc2_", "sc_", "src_"};

template <Subject subject, std::size_t... which>
void add_fetches(std::vector<FetchRow>& rows, std::index_sequence<which...>) {
    const std::string prefix(kPrefixes[static_cast<std::size_t>(subject)]);
    (rows.push_back({names().keep(prefix + std::string(kQuantities[which].name)), SampleType::integer,
                     subject == Subject::source ? Source::client : Source::process,
                     arguments_of(subject, kQuantities[which].indexed), fetch<subject, which>,
                     "what a stick table knows"}),
     ...);
    if constexpr (subject != Subject::source) {
        rows.push_back({names().keep(prefix + "tracked"), SampleType::boolean, Source::process,
                        arguments_of(subject, false), fetch_tracked<subject>, "the counter tracks an entry"});
        rows.push_back({names().keep(prefix + "trackers"), SampleType::integer, Source::process,
                        arguments_of(subject, false), fetch_trackers<subject>, "how many track the entry"});
    }
}

template <std::size_t... which>
void add_converters(std::vector<ConverterRow>& rows, std::index_sequence<which...>) {
    const auto add = [&](const Quantity& quantity,
                         bool (*function)(const Context&, const Arguments&, Sample&)) {
        if (quantity.converter.empty()) return;
        rows.push_back({names().keep("table_" + std::string(quantity.converter)), SampleType::any,
                        SampleType::integer,
                        quantity.indexed ? ArgumentSpec{2, {kNumber, kTable}} : ArgumentSpec{1, {kTable}},
                        function, "what a stick table knows of this key"});
    };
    (add(kQuantities[which], convert<which>), ...);
    constexpr ArgumentSpec kPlain{1, {kTable}}, kWithDefault{1, {kTable, kNumber}};
    constexpr auto kAny = SampleType::any;
    constexpr auto kInteger = SampleType::integer;
    rows.push_back({"table_expire", kAny, kInteger, kWithDefault, convert_entry<expires_in, true>,
                    "milliseconds until the entry of this key ends"});
    rows.push_back({"table_idle", kAny, kInteger, kWithDefault, convert_entry<idle_for, true>,
                    "milliseconds since the entry of this key was touched"});
    rows.push_back({"table_trackers", kAny, kInteger, kPlain, convert_entry<tracked_by, false>,
                    "how many track the entry of this key"});
    rows.push_back({"table_server_id", kAny, kInteger, kPlain, convert_entry<server_of, false>,
                    "the server that stick rules stored for this key"});
    rows.push_back({"in_table", SampleType::any, SampleType::boolean, ArgumentSpec{1, {kTable}},
                    convert_in_table, "a stick table has this key"});
}

using Indexes = std::make_index_sequence<kQuantities.size()>;

}  // namespace

std::span<const FetchRow> track_fetches() {
    static const std::vector<FetchRow> rows = [] {
        std::vector<FetchRow> out;
        add_fetches<Subject::sc0>(out, Indexes());
        add_fetches<Subject::sc1>(out, Indexes());
        add_fetches<Subject::sc2>(out, Indexes());
        add_fetches<Subject::any_sc>(out, Indexes());
        add_fetches<Subject::source>(out, Indexes());
        out.push_back({"src_updt_conn_cnt", SampleType::integer, Source::client, ArgumentSpec{0, {kTable}},
                       fetch_updated_connections, "counts a connection of the client in a table; how many"});
        out.push_back({"table_cnt", SampleType::integer, Source::process, ArgumentSpec{0, {kTable}},
                       fetch_table_count, "entries of a stick table"});
        out.push_back({"table_avl", SampleType::integer, Source::process, ArgumentSpec{0, {kTable}},
                       fetch_table_available, "room left in a stick table"});
        return out;
    }();
    return rows;
}

std::span<const ConverterRow> track_converters() {
    static const std::vector<ConverterRow> rows = [] {
        std::vector<ConverterRow> out;
        add_converters(out, Indexes());
        return out;
    }();
    return rows;
}

}  // namespace proxyd::rules
