// What the peers protocol says of stick tables: their definition, and their entries. Pure but for the entry
// that is read or filled.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "proxyd/peers/wire.h"
#include "proxyd/state/stick_table.h"

namespace proxyd::peers {

// The numbers of data types on the wire are those of state::StickData.
struct Definition {
    std::uint64_t id = 0;  // the sender's number of it
    std::string name;
    std::uint64_t key_type = 0, key_size = 0;
    std::uint64_t data = 0;                              // bits: what updates carry
    std::array<unsigned, state::kStickData> elements{};  // of arrays

    // Keys and their sizes are alike; data may differ.
    bool fits(const state::StickTable& table) const;
};

std::string encode_definition(std::uint64_t id, std::string_view name, const state::StickTable& table);
// False: it makes no sense.
bool parse_definition(std::string_view body, Definition& out);

// A timed update: number, time to live, key, data as the definition says.
std::string encode_entry(std::uint32_t number, const state::StickTable& table,
                         const state::StickTable::Entry& entry, std::int64_t now_ms);

// One of the four kinds of updates, taken into the table. `number`: of the last update; becomes its own.
// False: the message makes no sense. An entry for which there is no room is no error.
bool learn_entry(TableMessage type, std::string_view body, const Definition& definition,
                 state::StickTable& table, std::uint32_t& number, std::int64_t now_ms);

}  // namespace proxyd::peers
