// Fetches of the bodies, as far as they are here when the rules look (configuration manual 7.3.6; option
// http-buffer-request and wait-for-body make them be here), and of all header fields at once.
#include <algorithm>
#include <array>
#include <string>

#include "proxyd/http/body.h"
#include "proxyd/rules/ascii.h"
#include "proxyd/rules/registry.h"

namespace proxyd::rules {
namespace {

enum class Side : unsigned char { request, response };

// Without chunk lines. Payload of one piece is not copied.
template <Side side>
bool payload(const Context& context, std::string_view& out) {
    constexpr bool request = side == Side::request;
    const http::Message* const message = request ? context.request : context.response;
    if (message == nullptr) return false;
    out = {};
    if (message->framing == http::Framing::none) return true;
    http::BodyRelay relay;
    relay.start(*message, http::Framing::until_close);
    bool several = false;
    std::string joined;
    relay.decode(request ? context.body_data : context.response_body_data, [&](std::string_view piece) {
        if (!several && out.empty()) {
            out = piece;
            return;
        }
        if (!several) joined = out;
        several = true;
        joined += piece;
    });
    if (several) {
        if (context.arena == nullptr) return false;
        out = context.arena->copy(joined);
    }
    return true;
}

template <Side side>
bool fetch_body(const Context& context, const Arguments&, Cursor&, Sample& out) {
    std::string_view text;
    return payload<side>(context, text) && (out.set_binary(text), true);
}
template <Side side>
bool fetch_body_length(const Context& context, const Arguments&, Cursor&, Sample& out) {
    std::string_view text;
    return payload<side>(context, text) && (out.set_int(static_cast<std::int64_t>(text.size())), true);
}

// A parameter of application/x-www-form-urlencoded; without a name the first one.
bool fetch_parameter(const Context& context, const Arguments& arguments, Cursor& cursor, Sample& out) {
    std::string_view text;
    if (!payload<Side::request>(context, text)) return false;
    while (cursor.offset < text.size()) {
        const std::string_view rest = text.substr(cursor.offset);
        const std::string_view pair = rest.substr(0, rest.find('&'));
        cursor.offset += static_cast<std::uint32_t>(std::min(pair.size() + 1, rest.size()));
        const auto equals = pair.find('=');
        if (equals == std::string_view::npos) continue;
        if (arguments.has(0) && pair.substr(0, equals) != arguments.text(0)) continue;
        cursor.more = cursor.iterate && cursor.offset < text.size();
        return out.set_text(pair.substr(equals + 1)), true;
    }
    return false;
}

template <http::Message* Context::* side>
bool fetch_fields(const Context& context, const Arguments&, Cursor&, Sample& out) {
    const http::Message* message = context.*side;
    if (message == nullptr || context.arena == nullptr) return false;
    thread_local std::string text;
    text.clear();
    for (const http::Field& field : message->fields.all()) {
        for (const char c : field.name) text += lower(c);
        text.append(": ").append(field.value).append("\r\n");
    }
    text += "\r\n";
    return out.set_text(context.arena->copy(text)), true;
}

// Lengths as HAProxy's protocol between agents writes them: seven bits, then eights.
void append_length(std::size_t value, std::string& out) {
    if (value < 0xf0) {
        out += static_cast<char>(value);
        return;
    }
    out += static_cast<char>(value | 0xf0);
    value = (value - 0xf0) >> 4;
    while (value >= 0x80) {
        out += static_cast<char>(value | 0x80);
        value = (value - 0x80) >> 7;
    }
    out += static_cast<char>(value);
}

template <http::Message* Context::* side>
bool fetch_binary_fields(const Context& context, const Arguments&, Cursor&, Sample& out) {
    const http::Message* message = context.*side;
    if (message == nullptr || context.arena == nullptr) return false;
    thread_local std::string text;
    text.clear();
    for (const http::Field& field : message->fields.all()) {
        append_length(field.name.size(), text);
        for (const char c : field.name) text += lower(c);
        append_length(field.value.size(), text);
        text += field.value;
    }
    text += std::string_view("\0\0", 2);
    return out.set_binary(context.arena->copy(text)), true;
}

bool fetch_response_size(const Context& context, const Arguments&, Cursor&, Sample& out) {
    if (context.response == nullptr) return false;
    return out.set_int(static_cast<std::int64_t>(context.response->content_length)), true;
}

constexpr ArgumentSpec kName{0, {ArgumentKind::text}};
constexpr ArgumentSpec kNone{};
constexpr auto kRequest = Source::request;
constexpr auto kResponse = Source::response;

constexpr std::array kRows{
    FetchRow{"req.body", SampleType::binary, kRequest, kNone, fetch_body<Side::request>,
             "what is here of the body"},
    FetchRow{"req.body_len", SampleType::integer, kRequest, kNone, fetch_body_length<Side::request>,
             "its length"},
    FetchRow{"res.body", SampleType::binary, kResponse, kNone, fetch_body<Side::response>,
             "what is here of the body"},
    FetchRow{"res.body_len", SampleType::integer, kResponse, kNone, fetch_body_length<Side::response>,
             "its length"},
    FetchRow{"req.body_param", SampleType::string, kRequest, kName, fetch_parameter,
             "a parameter of a form in the body"},
    FetchRow{"req.hdrs", SampleType::string, kRequest, kNone, fetch_fields<&Context::request>,
             "all header fields"},
    FetchRow{"res.hdrs", SampleType::string, kResponse, kNone, fetch_fields<&Context::response>,
             "all header fields"},
    FetchRow{"req.hdrs_bin", SampleType::binary, kRequest, kNone, fetch_binary_fields<&Context::request>,
             "all header fields, lengths before texts"},
    FetchRow{"res.hdrs_bin", SampleType::binary, kResponse, kNone, fetch_binary_fields<&Context::response>,
             "all header fields, lengths before texts"},
    FetchRow{"res.body_size", SampleType::integer, kResponse, kNone, fetch_response_size,
             "the announced length of the answer's body"},
};

}  // namespace

std::span<const FetchRow> body_fetches() {
    return kRows;
}

}  // namespace proxyd::rules
