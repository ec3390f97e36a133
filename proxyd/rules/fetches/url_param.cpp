// Fetches of parameters in the query (configuration manual 7.3.6: urlp, url_param).
#include <array>

#include "proxyd/rules/registry.h"

namespace proxyd::rules {
namespace {

// Where the parameters begin: after '?', or after the given delimiter in the path.
std::string_view parameters_of(const http::Message& request, char delimiter) {
    const std::string_view target = request.path_and_query();
    const auto start = target.find(delimiter);
    return start == std::string_view::npos ? std::string_view() : target.substr(start + 1);
}

bool ends_parameter(char c, char delimiter) {
    return c == '&' || c == ';' || c == delimiter;
}

// The value of the next parameter of that name (of any name when empty) from the cursor on.
bool next_parameter(std::string_view text, std::string_view name, char delimiter, Cursor& cursor,
                    std::string_view& value) {
    while (cursor.offset < text.size()) {
        const std::string_view rest = text.substr(cursor.offset);
        std::size_t end = 0;
        while (end < rest.size() && !ends_parameter(rest[end], delimiter)) ++end;
        const std::string_view parameter = rest.substr(0, end);
        cursor.offset += static_cast<std::uint32_t>(end) + 1;
        const auto equal = parameter.find('=');
        if (equal == std::string_view::npos || (!name.empty() && parameter.substr(0, equal) != name))
            continue;
        value = parameter.substr(equal + 1);
        return true;
    }
    return false;
}

bool fetch_text(const Context& context, const Arguments& arguments, Cursor& cursor, Sample& out) {
    if (context.request == nullptr) return false;
    const std::string_view given = arguments.text(1);
    const char delimiter = given.empty() ? '?' : given.front();
    Cursor from_start;
    Cursor& walk = cursor.iterate ? cursor : from_start;
    std::string_view value;
    const bool found =
        next_parameter(parameters_of(*context.request, delimiter), arguments.text(0), delimiter, walk, value);
    cursor.more = cursor.iterate && found;
    return out.set_text(value), found;
}

bool fetch_number(const Context& context, const Arguments& arguments, Cursor& cursor, Sample& out) {
    if (!fetch_text(context, arguments, cursor, out)) return false;
    return out.set_int(leading_number(out.text)), true;
}

constexpr ArgumentSpec kNameDelimiter{0, {ArgumentKind::text, ArgumentKind::text}};

constexpr std::array kRows{
    FetchRow{"urlp", SampleType::string, Source::request, kNameDelimiter, fetch_text,
             "a parameter of the query"},
    FetchRow{"url_param", SampleType::string, Source::request, kNameDelimiter, fetch_text,
             "a parameter of the query"},
    FetchRow{"urlp_val", SampleType::integer, Source::request, kNameDelimiter, fetch_number,
             "the same as a number"},
};

}  // namespace

std::span<const FetchRow> url_param_fetches() {
    return kRows;
}

}  // namespace proxyd::rules
