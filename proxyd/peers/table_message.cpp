#include "proxyd/peers/table_message.h"

#include <algorithm>
#include <cstring>
#include <optional>
#include <vector>

namespace proxyd::peers {

namespace {

using state::StickData;
using state::StickKey;
using state::StickRate;
using state::StickTable;

struct KeyRow {
    StickKey key;
    std::uint64_t type;
    std::uint64_t size;  // 0: as the table says
};
constexpr KeyRow kKeys[] = {{StickKey::ipv4, 4, 4},
                            {StickKey::ipv6, 5, 16},
                            {StickKey::integer, 2, 4},
                            {StickKey::text, 6, 0},
                            {StickKey::binary, 7, 0}};
constexpr std::uint64_t kIntegerKey = 2, kTextKey = 6;

const KeyRow& key_row(const StickTable& table) {
    return *std::ranges::find(kKeys, table.settings().key, &KeyRow::key);
}

// HAProxy's strings end with a zero, which it counts.
std::uint64_t key_size(const StickTable& table) {
    const KeyRow& row = key_row(table);
    if (row.size != 0) return row.size;
    return table.settings().key_size + (table.settings().key == StickKey::text ? 1 : 0);
}

std::uint64_t bit(std::size_t data) {
    return std::uint64_t{1} << data;
}

const state::StickDataRow& data_row(std::size_t data) {
    const auto rows = state::stick_data_rows();
    return *std::ranges::find(rows, static_cast<StickData>(data), &state::StickDataRow::data);
}

void put_key(std::string& out, const StickTable& table, const std::string& key) {
    if (table.settings().key == StickKey::text) put_number(out, key.size());
    if (table.settings().key != StickKey::integer) {
        out += key;
        return;
    }
    std::uint32_t value = 0;
    std::memcpy(&value, key.data(), std::min(key.size(), sizeof value));
    put_fixed(out, value);
}

std::string take_key(Reader& in, const Definition& definition) {
    if (definition.key_type == kTextKey) return std::string(in.bytes(in.number()));
    if (definition.key_type != kIntegerKey) return std::string(in.bytes(definition.key_size));
    const std::uint32_t value = in.fixed();
    return {reinterpret_cast<const char*>(&value), sizeof value};
}

void put_rate(std::string& out, const StickRate& rate, std::int64_t now_ms) {
    const std::int64_t age =
        rate.start_ms == 0 ? 0 : std::clamp<std::int64_t>(now_ms - rate.start_ms, 0, 0x7fffffff);
    put_number(out, static_cast<std::uint64_t>(age));
    put_number(out, rate.current);
    put_number(out, rate.previous);
}

StickRate take_rate(Reader& in, std::int64_t now_ms) {
    StickRate rate;
    rate.start_ms = now_ms - static_cast<std::int64_t>(in.number() & 0x7fffffff);
    rate.current = static_cast<std::uint32_t>(in.number());
    rate.previous = static_cast<std::uint32_t>(in.number());
    return rate;
}

// A value of an update, and where it belongs; conn_cur is our own count of our own connections.
struct Learned {
    std::optional<std::size_t> place;
    StickTable::Cell cell;
};

bool take_data(Reader& in, const Definition& definition, const StickTable& table, std::int64_t now_ms,
               std::vector<Learned>& out) {
    for (std::size_t data = 0; data < state::kStickData; ++data) {
        if ((definition.data & bit(data)) == 0) continue;
        const auto kind = static_cast<StickData>(data);
        if (kind == StickData::server_key) {  // an entry of a dictionary
            in.bytes(in.number());
            continue;
        }
        const state::StickDataRow& row = data_row(data);
        for (unsigned element = 0; element < std::max(definition.elements[data], 1U); ++element) {
            Learned value;
            if (row.is_rate)
                value.cell.rate = take_rate(in, now_ms);
            else
                value.cell.count = in.number();
            if (kind != StickData::conn_cur) value.place = table.place(kind, element);
            if (value.place) out.push_back(value);
        }
    }
    return in.ok();  // what follows is of later versions
}

}  // namespace

bool Definition::fits(const StickTable& table) const {
    return key_type == key_row(table).type && key_size == peers::key_size(table);
}

std::string encode_definition(std::uint64_t id, std::string_view name, const StickTable& table) {
    std::string out, periods;
    std::uint64_t data = 0;
    for (const auto& stored : table.settings().stored) {
        const auto number = static_cast<std::size_t>(stored.data);
        if (stored.data == StickData::server_key) continue;  // kept by number only
        data |= bit(number);
        const state::StickDataRow& row = data_row(number);
        if (row.is_array || row.is_rate) put_number(periods, number);
        if (row.is_array) put_number(periods, stored.elements);
        if (row.is_rate) put_number(periods, static_cast<std::uint64_t>(stored.period_ms));
    }
    put_number(out, id);
    put_number(out, name.size());
    out += name;
    put_number(out, key_row(table).type);
    put_number(out, key_size(table));
    put_number(out, data);
    put_number(out, static_cast<std::uint64_t>(table.settings().expire_ms));
    return out + periods;
}

bool parse_definition(std::string_view body, Definition& out) {
    constexpr std::uint64_t kMostElements = 100;
    Reader in(body);
    out = {};
    out.id = in.number();
    out.name = in.bytes(in.number());
    out.key_type = in.number();
    out.key_size = in.number();
    out.data = in.number();
    in.number();  // expire: ours counts
    if (!in.ok()) return false;
    while (!in.at_end()) {
        const std::uint64_t data = in.number();
        if (data >= state::kStickData) break;  // of a later version: what is behind cannot be told apart
        const state::StickDataRow& row = data_row(static_cast<std::size_t>(data));
        if (row.is_array) {
            const std::uint64_t elements = in.number();
            if (elements > kMostElements) return false;
            out.elements[static_cast<std::size_t>(data)] = static_cast<unsigned>(elements);
        }
        if (row.is_rate) in.number();
    }
    return in.ok();
}

std::string encode_entry(std::uint32_t number, const StickTable& table, const StickTable::Entry& entry,
                         std::int64_t now_ms) {
    std::string out;
    put_fixed(out, number);
    const std::int64_t left = table.settings().expire_ms > 0 ? entry.expires_ms - now_ms : 0;
    put_fixed(out, static_cast<std::uint32_t>(std::clamp<std::int64_t>(left, 0, 0x7fffffff)));
    put_key(out, table, entry.key);
    for (const auto& stored : table.settings().stored) {
        if (stored.data == StickData::server_key) continue;
        const bool rate = data_row(static_cast<std::size_t>(stored.data)).is_rate;
        for (unsigned element = 0; element < stored.elements; ++element) {
            const StickTable::Cell& cell = entry.cells[*table.place(stored.data, element)];
            rate ? put_rate(out, cell.rate, now_ms) : put_number(out, cell.count);
        }
    }
    return out;
}

bool learn_entry(TableMessage type, std::string_view body, const Definition& definition, StickTable& table,
                 std::uint32_t& number, std::int64_t now_ms) {
    Reader in(body);
    const bool counted = type == TableMessage::next_update || type == TableMessage::timed_next_update;
    const bool timed = type == TableMessage::timed_update || type == TableMessage::timed_next_update;
    number = counted ? number + 1 : in.fixed();
    const std::int64_t whole = table.settings().expire_ms;
    std::int64_t left = timed ? in.fixed() : whole;
    if (left <= 0 || left > whole) left = whole;
    std::string key = take_key(in, definition);
    std::vector<Learned> values;
    if (!take_data(in, definition, table, now_ms, values)) return false;
    if (key.empty() || (definition.key_type == kTextKey && key.size() > table.settings().key_size))
        return true;
    table.learn(key, now_ms + left, [&](StickTable::Entry& entry) {
        for (const Learned& value : values) entry.cells[*value.place] = value.cell;
    });
    return true;
}

}  // namespace proxyd::peers
