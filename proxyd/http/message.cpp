#include "proxyd/http/message.h"

#include <algorithm>

#include "proxyd/http/chars.h"

namespace proxyd::http {

namespace {

struct MethodRow {
    std::string_view name;
    Method id;
};

constexpr MethodRow kMethods[] = {
    {"GET", Method::get},         {"HEAD", Method::head},   {"POST", Method::post},
    {"PUT", Method::put},         {"DELETE", Method::del},  {"CONNECT", Method::connect},
    {"OPTIONS", Method::options}, {"TRACE", Method::trace}, {"PATCH", Method::patch},
};

// Splits an absolute target: offset of the authority and of what follows it; {0, 0} when it is not absolute.
struct AbsoluteParts {
    std::size_t authority = 0;
    std::size_t path = 0;
};

AbsoluteParts split_absolute(std::string_view target) {
    if (target.empty() || target.front() == '/' || target.front() == '*') return {};
    const std::size_t colon = target.find("://");
    if (colon == std::string_view::npos || target.find_first_of("/?") < colon) return {};
    const std::size_t authority = colon + 3;
    const std::size_t path = target.find_first_of("/?#", authority);
    return {authority, path == std::string_view::npos ? target.size() : path};
}

}  // namespace

Method method_id(std::string_view name) {
    const auto* const row = std::ranges::find(kMethods, name, &MethodRow::name);
    return row == std::end(kMethods) ? Method::other : row->id;
}

std::string_view Message::path_and_query() const {
    if (method == Method::connect || target == "*") return {};
    return target.substr(split_absolute(target).path);
}

std::string_view Message::path() const {
    std::string_view whole = path_and_query();
    whole = whole.substr(0, whole.find('#'));
    return whole.substr(0, whole.find('?'));
}

std::string_view Message::query() const {
    std::string_view whole = path_and_query();
    whole = whole.substr(0, whole.find('#'));
    const std::size_t mark = whole.find('?');
    return mark == std::string_view::npos ? std::string_view() : whole.substr(mark + 1);
}

std::string_view Message::authority() const {
    if (method == Method::connect) return target;
    const AbsoluteParts parts = split_absolute(target);
    return target.substr(parts.authority, parts.path - parts.authority);
}

std::string_view Message::host() const {
    if (const Field* const field = fields.find(FieldId::host)) return field->value;
    return authority();
}

void Message::set_target(std::string_view new_target) {
    // Rules may build targets from decoded input: what would end the request line goes out percent-encoded.
    const auto breaks_line = [](char c) { return c == ' ' || c == '\t' || is_control(c); };
    const auto odd = static_cast<std::size_t>(std::ranges::count_if(new_target, breaks_line));
    const std::span<char> room = arena->allocate(new_target.size() + 2 * odd);
    char* out = room.data();
    for (const char c : new_target) {
        if (!breaks_line(c)) {
            *out++ = c;
            continue;
        }
        constexpr std::string_view kHex = "0123456789ABCDEF";
        const auto byte = static_cast<unsigned char>(c);
        *out++ = '%';
        *out++ = kHex[byte >> 4];
        *out++ = kHex[byte & 15];
    }
    target = {room.data(), room.size()};
    raw_start_line = {};
}

void Message::clear() {
    Fields kept = std::move(fields);
    kept.clear();
    common::Arena* const kept_arena = arena;
    *this = Message();
    fields = std::move(kept);
    arena = kept_arena;
}

}  // namespace proxyd::http
