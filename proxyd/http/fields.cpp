#include <algorithm>
#include <array>
#include <cstring>

#include "common/text.h"
#include "proxyd/http/chars.h"
#include "proxyd/http/message.h"

namespace proxyd::http {

namespace {

struct KnownField {
    std::string_view name;  // lower case
    FieldId id;
};

constexpr KnownField kKnownFields[] = {
    {"host", FieldId::host},
    {"connection", FieldId::connection},
    {"proxy-connection", FieldId::proxy_connection},
    {"keep-alive", FieldId::keep_alive},
    {"content-length", FieldId::content_length},
    {"transfer-encoding", FieldId::transfer_encoding},
    {"te", FieldId::te},
    {"trailer", FieldId::trailer},
    {"upgrade", FieldId::upgrade},
    {"expect", FieldId::expect},
    {"cookie", FieldId::cookie},
    {"set-cookie", FieldId::set_cookie},
    {"date", FieldId::date},
    {"server", FieldId::server},
    {"content-type", FieldId::content_type},
    {"cache-control", FieldId::cache_control},
    {"location", FieldId::location},
    {"x-forwarded-for", FieldId::x_forwarded_for},
    {"user-agent", FieldId::user_agent},
    {"referer", FieldId::referer},
    {"authorization", FieldId::authorization},
    {"accept-encoding", FieldId::accept_encoding},
    {"content-encoding", FieldId::content_encoding},
    {"sec-websocket-key", FieldId::sec_websocket_key},
    {"sec-websocket-accept", FieldId::sec_websocket_accept},
};

// A perfect hash over length and three letters: one comparison decides. The multiplier is searched for at
// compile time, so a new row needs nothing else.
constexpr std::size_t kSlots = 128;
constexpr std::size_t kShortest = 2;
constexpr std::size_t kLongest = 20;

constexpr std::uint32_t slot_of(std::string_view name, std::uint32_t multiplier) {
    const auto letter = [&](std::size_t at) { return static_cast<std::uint32_t>(name[at] | 0x20); };
    const std::uint32_t mixed = letter(0) + (letter(name.size() / 2) << 8) + (letter(name.size() - 1) << 16) +
                                (static_cast<std::uint32_t>(name.size()) << 24);
    return (mixed * multiplier) >> 25;
}

struct PerfectTable {
    std::uint32_t multiplier = 0;
    std::array<std::uint8_t, kSlots> row{};  // 1-based index into kKnownFields
};

constexpr PerfectTable build_table() {
    for (std::uint32_t multiplier = 0x9E3779B1U;; multiplier += 2) {
        PerfectTable table{multiplier, {}};
        bool clash = false;
        for (std::size_t i = 0; i < std::size(kKnownFields) && !clash; ++i) {
            std::uint8_t& slot = table.row[slot_of(kKnownFields[i].name, multiplier)];
            clash = slot != 0;
            slot = static_cast<std::uint8_t>(i + 1);
        }
        if (!clash) return table;
    }
}

constexpr PerfectTable kTable = build_table();

// What rules add may come from decoded client input: a control byte would end the line and start another.
std::string_view without_controls(common::Arena& arena, std::string_view text) {
    if (find_control(text, 0) == text.size()) return text;
    const std::span<char> copy = arena.allocate(text.size());
    std::ranges::transform(text, copy.begin(), [](char c) { return is_control(c) ? ' ' : c; });
    return {copy.data(), copy.size()};
}

std::string_view trimmed(std::string_view text) {
    while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
    while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
    return text;
}

Field render(common::Arena& arena, std::string_view name, std::string_view value) {
    name = without_controls(arena, name);
    value = trimmed(without_controls(arena, value));
    const std::string_view line = arena.concat({name, ": ", value, "\r\n"});
    const std::string_view own_name = line.substr(0, name.size());
    return {own_name, line.substr(name.size() + 2, value.size()), line, field_id(own_name)};
}

}  // namespace

FieldId field_id(std::string_view name) {
    if (name.size() < kShortest || name.size() > kLongest) return FieldId::other;
    const std::uint8_t row = kTable.row[slot_of(name, kTable.multiplier)];
    if (row == 0) return FieldId::other;
    const KnownField& known = kKnownFields[row - 1];
    return common::iequals(name, known.name) ? known.id : FieldId::other;
}

const Field* Fields::find(FieldId id) const {
    const auto it = std::ranges::find(fields_, id, &Field::id);
    return it == fields_.end() ? nullptr : &*it;
}

const Field* Fields::find(std::string_view name) const {
    const auto it =
        std::ranges::find_if(fields_, [&](const Field& field) { return common::iequals(field.name, name); });
    return it == fields_.end() ? nullptr : &*it;
}

std::size_t Fields::count(std::string_view name) const {
    return static_cast<std::size_t>(std::ranges::count_if(
        fields_, [&](const Field& field) { return common::iequals(field.name, name); }));
}

std::optional<std::string_view> Fields::value(std::string_view name, int occurrence) const {
    if (occurrence < 0) {
        for (auto it = fields_.rbegin(); it != fields_.rend(); ++it) {
            if (common::iequals(it->name, name) && ++occurrence == 0) return it->value;
        }
        return std::nullopt;
    }
    for (const Field& field : fields_) {
        if (common::iequals(field.name, name) && --occurrence <= 0) return field.value;
    }
    return std::nullopt;
}

void Fields::add(common::Arena& arena, std::string_view name, std::string_view value) {
    fields_.push_back(render(arena, name, value));
}

void Fields::set(common::Arena& arena, std::string_view name, std::string_view value) {
    const Field field = render(arena, name, value);  // first: name or value may live in a field that goes
    remove(name);
    fields_.push_back(field);
}

std::size_t Fields::remove(FieldId id) {
    return std::erase_if(fields_, [id](const Field& field) { return field.id == id; });
}

std::size_t Fields::remove(std::string_view name) {
    return std::erase_if(fields_, [name](const Field& field) { return common::iequals(field.name, name); });
}

void Fields::replace_value(common::Arena& arena, std::size_t index, std::string_view value) {
    fields_[index] = render(arena, fields_[index].name, value);
}

}  // namespace proxyd::http
