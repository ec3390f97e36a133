#include "proxyd/rules/tracking.h"

#include <algorithm>
#include <cstring>

#include "proxyd/rules/hexadecimal.h"

namespace proxyd::rules {

using state::StickData;
using state::StickKey;
using state::StickTable;

bool stick_key(const StickTable& table, Sample sample, common::Arena* arena, std::string& room) {
    const state::StickTableSettings& settings = table.settings();
    switch (settings.key) {
        case StickKey::ipv4:
            if (!cast(sample, SampleType::ipv4, arena)) return false;
            room.assign(reinterpret_cast<const char*>(sample.address.data()), 4);
            return true;
        case StickKey::ipv6:
            if (!cast(sample, SampleType::ipv6, arena)) return false;
            room.assign(reinterpret_cast<const char*>(sample.address.data()), 16);
            return true;
        case StickKey::integer: {
            if (!cast(sample, SampleType::integer, arena)) return false;
            const auto value = static_cast<std::uint32_t>(sample.number);
            room.assign(reinterpret_cast<const char*>(&value), sizeof value);
            return true;
        }
        case StickKey::text: {
            TextBuffer buffer;
            const std::string_view text = to_text(sample, buffer);
            if (text.empty()) return false;
            room.assign(text.substr(0, settings.key_size));
            return true;
        }
        case StickKey::binary:
            if (!cast(sample, SampleType::binary, arena) || sample.text.empty()) return false;
            room.assign(sample.text.substr(0, settings.key_size));
            room.resize(settings.key_size);
            return true;
    }
    return false;
}

std::string stick_key_text(const StickTable& table, std::string_view key) {
    Sample sample;
    TextBuffer buffer;
    switch (table.settings().key) {
        case StickKey::ipv4:
        case StickKey::ipv6:
            sample.type = key.size() == 4 ? SampleType::ipv4 : SampleType::ipv6;
            std::memcpy(sample.address.data(), key.data(), key.size());
            return std::string(to_text(sample, buffer));
        case StickKey::integer: {
            std::uint32_t value = 0;
            std::memcpy(&value, key.data(), std::min(key.size(), sizeof value));
            return std::to_string(value);
        }
        case StickKey::text:
            return std::string(key);
        case StickKey::binary:
            break;
    }
    std::string out;
    append_hexadecimal(out, key);
    return out;
}

namespace {

void add(StickTable& table, StickTable::Entry& entry, StickData counter, StickData rate,
         std::uint64_t amount) {
    if (const auto place = table.place(counter)) entry.cells[*place].count += amount;
    if (const auto place = table.place(rate))
        entry.cells[*place].rate.add(static_cast<std::uint32_t>(amount), StickTable::now_ms(),
                                     table.period_ms(rate));
}

}  // namespace

void Tracking::start(std::size_t which, StickTable& table, std::string_view key) {
    Slot& slot = slots_[which];
    if (slot.entry != nullptr) return;
    StickTable::Entry* const entry = table.hold(key);
    if (entry == nullptr) return;
    slot = {&table, entry};
    any_ = true;
    table.with(*entry, [&](StickTable::Entry& held) {
        add(table, held, StickData::conn_cnt, StickData::conn_rate, 1);
        if (const auto place = table.place(StickData::conn_cur)) ++held.cells[*place].count;
    });
}

void Tracking::clear() {
    if (!any_) return;
    for (Slot& slot : slots_) {
        if (slot.entry == nullptr) continue;
        slot.table->with(*slot.entry, [&](StickTable::Entry& entry) {
            const auto place = slot.table->place(StickData::conn_cur);
            if (place && entry.cells[*place].count > 0) --entry.cells[*place].count;
        });
        slot.table->release(*slot.entry);
        slot = {};
    }
    any_ = false;
}

void Tracking::count_one(std::size_t which, StickData counter, StickData rate) {
    const Slot& slot = slots_[which];
    if (slot.entry != nullptr)
        slot.table->with(*slot.entry,
                         [&](StickTable::Entry& entry) { add(*slot.table, entry, counter, rate, 1); });
}

void Tracking::count(StickData counter, StickData rate, std::uint64_t amount) {
    if (!any_ || amount == 0) return;
    for (const Slot& slot : slots_)
        if (slot.entry != nullptr)
            slot.table->with(*slot.entry, [&](StickTable::Entry& entry) {
                add(*slot.table, entry, counter, rate, amount);
            });
}

}  // namespace proxyd::rules
