// Converters of bytes, lists of texts and host names (configuration manual 7.3.1).
#include <algorithm>
#include <array>
#include <charconv>

#include "common/text.h"
#include "proxyd/rules/ascii.h"
#include "proxyd/rules/hexadecimal.h"
#include "proxyd/rules/registry.h"

namespace proxyd::rules {
namespace {

constexpr std::size_t kWidest = 8;  // bytes of a number

// Cuts the input into chunks, renders each, and joins them. `truncate`: a last chunk that is not whole is
// left out.
template <class Render>
bool render_chunks(const Context& context, std::string_view separator, std::size_t chunk, bool truncate,
                   Sample& sample, Render render) {
    if (context.arena == nullptr) return false;
    thread_local std::string out;
    out.clear();
    for (std::string_view rest = sample.text; !rest.empty() && !(truncate && rest.size() < chunk);) {
        const std::string_view piece = rest.substr(0, std::min(chunk, rest.size()));
        if (piece.data() != sample.text.data()) out += separator;
        render(piece, out);
        rest.remove_prefix(piece.size());
    }
    return sample.set_text(context.arena->copy(out)), true;
}

// be2dec(separator,chunk[,truncate])
bool convert_be2dec(const Context& context, const Arguments& arguments, Sample& sample) {
    return render_chunks(context, arguments.text(0), static_cast<std::size_t>(arguments.number(1)),
                         arguments.number(2) != 0, sample, [](std::string_view piece, std::string& out) {
                             std::uint64_t value = 0;
                             for (const char c : piece) value = value << 8 | static_cast<unsigned char>(c);
                             out += std::to_string(value);
                         });
}

// be2hex([separator[,chunk[,truncate]]])
bool convert_be2hex(const Context& context, const Arguments& arguments, Sample& sample) {
    const auto chunk = static_cast<std::size_t>(arguments.number(1, 1));
    const bool separated = arguments.has(1) && arguments.number(1) > 0;
    return render_chunks(context, separated ? arguments.text(0) : std::string_view(),
                         std::max<std::size_t>(chunk, 1), separated && arguments.number(2) != 0, sample,
                         [](std::string_view piece, std::string& out) { append_hexadecimal(out, piece); });
}

bool convert_htonl(const Context& context, const Arguments&, Sample& sample) {
    if (context.arena == nullptr) return false;
    std::array<char, 4> bytes{};
    for (std::size_t i = 0; i < bytes.size(); ++i)
        bytes[i] = static_cast<char>(static_cast<std::uint32_t>(sample.number) >> (24 - 8 * i));
    return sample.set_binary(context.arena->copy({bytes.data(), bytes.size()})), true;
}

bool convert_cut_crlf(const Context&, const Arguments&, Sample& sample) {
    sample.text = sample.text.substr(0, sample.text.find_first_of("\r\n"));
    return true;
}

// add_item(delimiter,[variable][,suffix]): the delimiter only between two things that are there.
bool convert_add_item(const Context& context, const Arguments& arguments, Sample& sample) {
    if (context.arena == nullptr) return false;
    Sample value;
    TextBuffer buffer;
    std::string_view item;
    if (arguments.has(1) && get_variable(context, arguments.variable(1), value))
        item = to_text(value, buffer);
    const std::string_view suffix = arguments.text(2);
    const bool adds = !item.empty() || !suffix.empty();
    const std::string_view delimiter = adds && !sample.text.empty() ? arguments.text(0) : std::string_view();
    sample.text = context.arena->concat({sample.text, delimiter, item, suffix});
    return true;
}

// The host and the port of a Host field (RFC 9110 section 7.2): "name:80", "[::1]:80", "name". Of several
// colons the last one counts.
std::size_t host_end(std::string_view text) {
    const auto mark = text.find_last_of("]:");
    return mark == std::string_view::npos || text[mark] == ']' ? text.size() : mark;
}

bool convert_host_only(const Context& context, const Arguments&, Sample& sample) {
    if (context.arena == nullptr) return false;
    const std::string_view host = sample.text.substr(0, host_end(sample.text));
    const auto room = context.arena->allocate(host.size());
    std::ranges::transform(host, room.begin(), lower);
    return sample.set_text({room.data(), room.size()}), true;
}

bool convert_port_only(const Context&, const Arguments&, Sample& sample) {
    const std::size_t end = host_end(sample.text);
    std::int64_t port = 0;
    if (end < sample.text.size()) port = leading_number(sample.text.substr(end + 1));
    return sample.set_int(port), true;
}

// "fr;q=0.8" as a language and thousandths.
struct Preference {
    std::string_view language;
    int quality = 1000;
};

Preference parse_preference(std::string_view text) {
    Preference out;
    const auto semicolon = text.find(';');
    out.language = trim_blanks(text.substr(0, semicolon));
    const auto q = text.find("q=");
    if (q == std::string_view::npos || semicolon == std::string_view::npos || q < semicolon) return out;
    const std::string_view number = text.substr(q + 2);
    out.quality = number.starts_with('1') ? 1000 : 0;
    int scale = 100;
    for (std::size_t i = 2; i < number.size() && i < 5 && is_digit(number[i]); ++i, scale /= 10)
        if (number.starts_with('0')) out.quality += (number[i] - '0') * scale;
    return out;
}

// language(a;b;c[,default]): the one of these that an Accept-Language likes best.
bool convert_language(const Context&, const Arguments& arguments, Sample& sample) {
    std::string_view best;
    int best_quality = -1;
    for (const std::string_view part : common::split(sample.text, ',')) {
        const Preference wish = parse_preference(part);
        for (const std::string_view name : common::split(arguments.text(0), ';')) {
            if (wish.quality <= best_quality || !same_text(wish.language, name, true)) continue;
            best_quality = wish.quality;
            best = name;
        }
    }
    if (best_quality < 0) {
        if (!arguments.has(1)) return false;
        best = arguments.text(1);
    }
    return sample.set_text(best), true;
}

common::Result<> check_be2dec(Arguments& arguments) {
    if (arguments.number(1) < 1 || arguments.number(1) > static_cast<std::int64_t>(kWidest))
        return common::fail("the chunks are 1 to 8 bytes", common::Side::config);
    return {};
}
common::Result<> check_be2hex(Arguments& arguments) {
    if (arguments.number(1, 1) < 0)
        return common::fail("the chunks cannot be negative", common::Side::config);
    return {};
}
common::Result<> check_add_item(Arguments& arguments) {
    if (!arguments.has(1) && arguments.text(2).empty())
        return common::fail("a variable or a suffix is needed", common::Side::config);
    return {};
}

constexpr auto kText = ArgumentKind::text;
constexpr auto kNumber = ArgumentKind::number;
constexpr auto kString = SampleType::string;
constexpr auto kBinary = SampleType::binary;
constexpr auto kInteger = SampleType::integer;

constexpr std::array kRows{
    ConverterRow{"be2dec", kBinary, kString, ArgumentSpec{2, {kText, kNumber, kNumber}}, convert_be2dec,
                 "big-endian numbers in decimal", check_be2dec},
    ConverterRow{"be2hex", kBinary, kString, ArgumentSpec{0, {kText, kNumber, kNumber}}, convert_be2hex,
                 "bytes in hexadecimal, in chunks", check_be2hex},
    ConverterRow{"htonl", kInteger, kBinary, {}, convert_htonl, "four bytes in network order"},
    ConverterRow{"cut_crlf", kString, kString, {}, convert_cut_crlf, "up to the first line end"},
    ConverterRow{"add_item", kString, kString, ArgumentSpec{1, {kText, ArgumentKind::variable, kText}},
                 convert_add_item, "one item more in a list", check_add_item},
    ConverterRow{"host_only", kString, kString, {}, convert_host_only, "a Host field's host, in lower case"},
    ConverterRow{"port_only", kString, kInteger, {}, convert_port_only, "a Host field's port, 0 without one"},
    ConverterRow{"language", kString, kString, ArgumentSpec{1, {kText, kText}}, convert_language,
                 "the best of some languages for an Accept-Language"},
};

}  // namespace

std::span<const ConverterRow> bytes_converters() {
    return kRows;
}

}  // namespace proxyd::rules
