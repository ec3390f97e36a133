// Fetches of cookies: Cookie of requests, Set-Cookie of responses (configuration manual 7.3.6, RFC 6265
// section 4).
#include <array>

#include "proxyd/rules/ascii.h"
#include "proxyd/rules/registry.h"

namespace proxyd::rules {
namespace {

struct Cookie {
    std::string_view name, value;
};

Cookie split_pair(std::string_view text) {
    const auto equal = text.find('=');
    if (equal == std::string_view::npos) return {trim_blanks(text), {}};
    return {trim_blanks(text.substr(0, equal)), trim_blanks(text.substr(equal + 1))};
}

// The next name=value pair. A Set-Cookie line carries one, before its attributes.
bool next_cookie(const http::Fields& fields, http::FieldId id, Cursor& cursor, Cookie& out) {
    const auto& all = fields.all();
    for (; cursor.index < all.size(); ++cursor.index, cursor.offset = 0) {
        if (all[cursor.index].id != id) continue;
        const std::string_view line = all[cursor.index].value;
        while (cursor.offset < line.size()) {
            std::size_t end = cursor.offset;
            while (end < line.size() && line[end] != ';') ++end;
            out = split_pair(line.substr(cursor.offset, end - cursor.offset));
            cursor.offset =
                static_cast<std::uint32_t>(id == http::FieldId::set_cookie ? line.size() : end + 1);
            if (!out.name.empty()) return true;
        }
    }
    return false;
}

template <http::FieldId id>
const http::Message* message(const Context& context) {
    return id == http::FieldId::cookie ? context.request : context.response;
}

// Without a name the first cookie, with one the last of that name; for an acl each in turn.
template <http::FieldId id>
bool fetch_cookie(const Context& context, const Arguments& arguments, Cursor& cursor, Sample& out) {
    const http::Message* from = message<id>(context);
    if (from == nullptr) return false;
    const std::string_view name = arguments.text(0);
    Cursor walk = cursor;
    Cookie cookie;
    bool found = false;
    while (next_cookie(from->fields, id, walk, cookie)) {
        if (!name.empty() && cookie.name != name) continue;
        out.set_text(cookie.value);
        found = true;
        if (cursor.iterate || name.empty()) break;
    }
    if (cursor.iterate) {
        cursor = walk;
        cursor.more = found;
    }
    return found;
}

template <http::FieldId id>
bool fetch_number(const Context& context, const Arguments& arguments, Cursor& cursor, Sample& out) {
    if (!fetch_cookie<id>(context, arguments, cursor, out)) return false;
    return out.set_int(leading_number(out.text)), true;
}

template <http::FieldId id>
bool fetch_count(const Context& context, const Arguments& arguments, Cursor&, Sample& out) {
    const http::Message* from = message<id>(context);
    if (from == nullptr) return false;
    const std::string_view name = arguments.text(0);
    Cursor walk;
    Cookie cookie;
    std::int64_t count = 0;
    while (next_cookie(from->fields, id, walk, cookie))
        if (name.empty() || cookie.name == name) ++count;
    return out.set_int(count), true;
}

constexpr ArgumentSpec kName{0, {ArgumentKind::text}};
constexpr auto kRequest = http::FieldId::cookie;
constexpr auto kResponse = http::FieldId::set_cookie;

template <http::FieldId id>
constexpr FetchRow text_row(std::string_view name) {
    return {name,  SampleType::string, id == kRequest ? Source::request : Source::response,
            kName, fetch_cookie<id>,   "a cookie's value"};
}
template <http::FieldId id>
constexpr FetchRow count_row(std::string_view name) {
    return {name,  SampleType::integer, id == kRequest ? Source::request : Source::response,
            kName, fetch_count<id>,     "how many cookies of a name"};
}
template <http::FieldId id>
constexpr FetchRow number_row(std::string_view name) {
    return {name,  SampleType::integer, id == kRequest ? Source::request : Source::response,
            kName, fetch_number<id>,    "a cookie as a number"};
}

// In rules on responses it may stand, too, and still means the request.
constexpr FetchRow dual_row(std::string_view name) {
    FetchRow row = text_row<kRequest>(name);
    row.source = Source::message;
    return row;
}

constexpr std::array kRows{
    text_row<kRequest>("cook"),
    text_row<kRequest>("req.cook"),
    dual_row("cookie"),
    text_row<kResponse>("res.cook"),
    text_row<kResponse>("scook"),
    text_row<kResponse>("set-cookie"),
    count_row<kRequest>("cook_cnt"),
    count_row<kRequest>("req.cook_cnt"),
    count_row<kResponse>("res.cook_cnt"),
    count_row<kResponse>("scook_cnt"),
    number_row<kRequest>("cook_val"),
    number_row<kRequest>("req.cook_val"),
    number_row<kResponse>("res.cook_val"),
    number_row<kResponse>("scook_val"),
};

}  // namespace

std::span<const FetchRow> cookie_fetches() {
    return kRows;
}

}  // namespace proxyd::rules
