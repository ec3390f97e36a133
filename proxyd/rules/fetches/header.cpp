// Fetches of header fields, request and response alike (configuration manual 7.3.6).
#include <array>
#include <charconv>

#include "proxyd/rules/ascii.h"
#include "proxyd/rules/fields_walk.h"
#include "proxyd/rules/registry.h"

namespace proxyd::rules {

bool next_value(const http::Fields& fields, std::string_view name, bool split, Cursor& cursor,
                std::string_view& out) {
    const auto& all = fields.all();
    for (; cursor.index < all.size(); ++cursor.index, cursor.offset = 0) {
        const http::Field& field = all[cursor.index];
        if (!name.empty() && !same_text(field.name, name, true)) continue;
        const std::string_view rest =
            field.value.substr(std::min<std::size_t>(cursor.offset, field.value.size()));
        const std::size_t end = split ? list_value_end(rest) : rest.size();
        out = trim_blanks(rest.substr(0, end));
        if (end < rest.size()) {
            cursor.offset += static_cast<std::uint32_t>(end) + 1;
        } else {
            ++cursor.index;
            cursor.offset = 0;
        }
        return true;
    }
    return false;
}

bool value_at(const http::Fields& fields, std::string_view name, bool split, int occurrence,
              std::string_view& out) {
    constexpr int kHistory = 10;
    Cursor cursor;
    if (occurrence >= 0) {
        for (int i = 0; i < std::max(occurrence, 1); ++i)
            if (!next_value(fields, name, split, cursor, out)) return false;
        return true;
    }
    std::array<std::string_view, kHistory> last;
    int found = 0;
    while (next_value(fields, name, split, cursor, out))
        last[static_cast<std::size_t>(found++ % kHistory)] = out;
    if (found < -occurrence) return false;
    out = last[static_cast<std::size_t>((found + occurrence) % kHistory)];
    return true;
}

namespace {

enum class Side { request, response };

template <Side side>
const http::Message* message(const Context& context) {
    return side == Side::request ? context.request : context.response;
}

// The text of one value: the wanted occurrence, else each in turn for an acl, else the last.
template <Side side, bool split>
bool fetch_text(const Context& context, const Arguments& arguments, Cursor& cursor, Sample& out) {
    const http::Message* from = message<side>(context);
    if (from == nullptr) return false;
    std::string_view value;
    const int occurrence = static_cast<int>(arguments.number(1, 0));
    if (occurrence == 0 && cursor.iterate) {
        cursor.more = next_value(from->fields, arguments.text(0), split, cursor, value);
        return out.set_text(value), cursor.more;
    }
    const bool found =
        value_at(from->fields, arguments.text(0), split, occurrence == 0 ? -1 : occurrence, value);
    return out.set_text(value), found;
}

template <Side side, bool split>
bool fetch_count(const Context& context, const Arguments& arguments, Cursor&, Sample& out) {
    const http::Message* from = message<side>(context);
    if (from == nullptr) return false;
    Cursor walk;
    std::string_view value;
    std::int64_t count = 0;
    while (next_value(from->fields, arguments.text(0), split, walk, value)) ++count;
    return out.set_int(count), true;
}

template <Side side>
bool fetch_number(const Context& context, const Arguments& arguments, Cursor& cursor, Sample& out) {
    if (!fetch_text<side, true>(context, arguments, cursor, out) || out.text.empty()) return false;
    return out.set_int(leading_number(out.text)), true;
}

// RFC 7239 node: an address, an IPv4 address with a port, "[v6]" or "[v6]:port".
bool parse_node(std::string_view text, Sample& out) {
    if (text.starts_with('[')) {
        const auto close = text.find(']');
        if (close == std::string_view::npos) return false;
        return parse_ip(text.substr(1, close - 1), out) && out.type == SampleType::ipv6;
    }
    if (parse_ip(text, out)) return true;
    const auto colon = text.find(':');
    if (colon == std::string_view::npos) return false;
    unsigned port = 0;
    const std::string_view digits = text.substr(colon + 1);
    const auto [end, ec] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
    return ec == std::errc() && end == digits.data() + digits.size() && port <= 65535 &&
           parse_ip(text.substr(0, colon), out) && out.type == SampleType::ipv4;
}

template <Side side>
bool fetch_ip(const Context& context, const Arguments& arguments, Cursor& cursor, Sample& out) {
    return fetch_text<side, true>(context, arguments, cursor, out) && parse_node(out.text, out);
}

// hdr_names([delimiter]): in lower case, as HAProxy has all names.
template <Side side>
bool fetch_names(const Context& context, const Arguments& arguments, Cursor&, Sample& out) {
    const http::Message* from = message<side>(context);
    if (from == nullptr || context.arena == nullptr) return false;
    std::size_t size = 0;
    for (const http::Field& field : from->fields.all()) size += field.name.size() + 1;
    if (size == 0) return out.set_text({}), true;
    const auto room = context.arena->allocate(size);
    const char delimiter = arguments.text(0, ",").front();
    std::size_t at = 0;
    for (const http::Field& field : from->fields.all()) {
        for (const char c : field.name) room[at++] = lower(c);
        room[at++] = delimiter;
    }
    return out.set_text({room.data(), size - 1}), true;
}

common::Result<> check_occurrence(Arguments& arguments) {
    const std::int64_t occurrence = arguments.number(1, 0);
    if (occurrence < -10 || occurrence > 1000)
        return common::fail("the occurrence must lie between -10 and 1000", common::Side::config);
    if (!arguments.has(0) && arguments.size() > 1)
        return common::fail("an occurrence needs a header name", common::Side::config);
    return {};
}

common::Result<> check_delimiter(Arguments& arguments) {
    if (arguments.size() > 0 && arguments.text(0).empty()) arguments.set(0, std::string(","));
    return {};
}

constexpr ArgumentSpec kNameOccurrence{0, {ArgumentKind::text, ArgumentKind::number}};
constexpr ArgumentSpec kName{0, {ArgumentKind::text}};

// One row per side and spelling: the short and the underscore forms are older names of the same thing.
template <Side side>
constexpr FetchRow text_row(std::string_view name, bool whole_lines) {
    return {name,
            SampleType::string,
            side == Side::request ? Source::request : Source::response,
            kNameOccurrence,
            whole_lines ? fetch_text<side, false> : fetch_text<side, true>,
            whole_lines ? "a header field's line" : "one value of a header field",
            check_occurrence};
}
template <Side side>
constexpr FetchRow count_row(std::string_view name, bool whole_lines) {
    return {name,
            SampleType::integer,
            side == Side::request ? Source::request : Source::response,
            kName,
            whole_lines ? fetch_count<side, false> : fetch_count<side, true>,
            whole_lines ? "how many lines of a header field" : "how many values of a header field"};
}
template <Side side>
constexpr FetchRow number_row(std::string_view name) {
    return {name,
            SampleType::integer,
            side == Side::request ? Source::request : Source::response,
            kNameOccurrence,
            fetch_number<side>,
            "a header field as a number",
            check_occurrence};
}
template <Side side>
constexpr FetchRow ip_row(std::string_view name) {
    return {name,
            SampleType::address,
            side == Side::request ? Source::request : Source::response,
            kNameOccurrence,
            fetch_ip<side>,
            "a header field as an address",
            check_occurrence};
}
template <Side side>
constexpr FetchRow names_row(std::string_view name) {
    return {name,           SampleType::string, side == Side::request ? Source::request : Source::response,
            kName,          fetch_names<side>,  "the names of all header fields",
            check_delimiter};
}

// In rules on responses it may stand, too, and still means the request.
constexpr FetchRow dual_row(std::string_view name) {
    FetchRow row = text_row<Side::request>(name, false);
    row.source = Source::message;
    return row;
}

constexpr auto kRequest = Side::request;
constexpr auto kResponse = Side::response;

constexpr std::array kRows{
    dual_row("hdr"),
    text_row<kRequest>("req.hdr", false),
    text_row<kRequest>("req.fhdr", true),
    text_row<kResponse>("res.hdr", false),
    text_row<kResponse>("shdr", false),
    text_row<kResponse>("res.fhdr", true),
    count_row<kRequest>("hdr_cnt", false),
    count_row<kRequest>("req.hdr_cnt", false),
    count_row<kRequest>("req.fhdr_cnt", true),
    count_row<kResponse>("res.hdr_cnt", false),
    count_row<kResponse>("shdr_cnt", false),
    count_row<kResponse>("res.fhdr_cnt", true),
    number_row<kRequest>("hdr_val"),
    number_row<kRequest>("req.hdr_val"),
    number_row<kResponse>("res.hdr_val"),
    number_row<kResponse>("shdr_val"),
    ip_row<kRequest>("hdr_ip"),
    ip_row<kRequest>("req.hdr_ip"),
    ip_row<kResponse>("res.hdr_ip"),
    ip_row<kResponse>("shdr_ip"),
    names_row<kRequest>("req.hdr_names"),
    names_row<kResponse>("res.hdr_names"),
};

}  // namespace

std::span<const FetchRow> header_fetches() {
    return kRows;
}

}  // namespace proxyd::rules
