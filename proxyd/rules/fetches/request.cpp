// Fetches of the request line and its parts (configuration manual 7.3.6).
#include <algorithm>
#include <array>

#include "proxyd/rules/ascii.h"
#include "proxyd/rules/hash.h"
#include "proxyd/rules/registry.h"
#include "proxyd/rules/request_line.h"

namespace proxyd::rules {
namespace {

// A part of the request as text; an empty part is no value.
template <class Part>
bool text_of(const Context& context, Sample& out, Part part) {
    if (context.request == nullptr) return false;
    const std::string_view text = part(*context.request);
    return out.set_text(text), !text.empty();
}

// As in HAProxy what the client wrote: set-method changes only what the server sees.
bool fetch_method(const Context& context, const Arguments&, Cursor&, Sample& out) {
    const std::size_t end = context.request_line.find(' ');
    if (end != std::string_view::npos) return out.set_text(context.request_line.substr(0, end)), true;
    return text_of(context, out, [](const http::Message& m) { return m.method_text; });
}
bool fetch_path(const Context& context, const Arguments&, Cursor&, Sample& out) {
    return text_of(context, out, [](const http::Message& m) { return m.path(); });
}
bool fetch_pathq(const Context& context, const Arguments&, Cursor&, Sample& out) {
    return text_of(context, out, [](const http::Message& m) { return m.path_and_query(); });
}
bool fetch_url(const Context& context, const Arguments&, Cursor&, Sample& out) {
    return text_of(context, out, [](const http::Message& m) { return m.target; });
}
// A lone '?' is an empty query, no '?' is none.
bool fetch_query(const Context& context, const Arguments&, Cursor&, Sample& out) {
    if (context.request == nullptr) return false;
    const auto mark = context.request->target.find('?');
    if (mark == std::string_view::npos) return false;
    return out.set_text(context.request->target.substr(mark + 1)), true;
}

bool host_and(const Context& context, std::string_view rest, Sample& out) {
    if (context.arena == nullptr) return false;
    const http::Field* host = context.request->fields.find(http::FieldId::host);
    if (host == nullptr) return out.set_text(rest), !rest.empty();
    return out.set_text(context.arena->concat({host->value, rest})), true;
}
bool fetch_base(const Context& context, const Arguments&, Cursor&, Sample& out) {
    return context.request != nullptr && host_and(context, context.request->path(), out);
}
bool fetch_baseq(const Context& context, const Arguments&, Cursor&, Sample& out) {
    return context.request != nullptr && host_and(context, context.request->path_and_query(), out);
}

// base32, url32: Host and path, or Host and the whole target, hashed without being joined.
std::uint32_t host_hash(const http::Message& request) {
    const http::Field* host = request.fields.find(http::FieldId::host);
    return host == nullptr ? 0 : sdbm(host->value);
}
bool fetch_base32(const Context& context, const Arguments&, Cursor&, Sample& out) {
    if (context.request == nullptr) return false;
    return out.set_int(avalanche(sdbm(context.request->path(), host_hash(*context.request)))), true;
}
bool fetch_url32(const Context& context, const Arguments&, Cursor&, Sample& out) {
    if (context.request == nullptr) return false;
    return out.set_int(avalanche(sdbm(context.request->path_and_query(), host_hash(*context.request)))), true;
}

// The hash and the client's address in one piece, as a key of stick tables.
template <bool (*Hash)(const Context&, const Arguments&, Cursor&, Sample&)>
bool fetch_with_source(const Context& context, const Arguments& arguments, Cursor& cursor, Sample& out) {
    Sample address;
    if (context.arena == nullptr || !Hash(context, arguments, cursor, out) ||
        !address.set_address(context.source))
        return false;
    const std::size_t size = address.type == SampleType::ipv4 ? 4 : 16;
    std::array<char, 20> bytes{};
    for (std::size_t i = 0; i < 4; ++i) bytes[i] = static_cast<char>(out.number >> (24 - 8 * i));
    std::copy_n(address.address.begin(), size, bytes.begin() + 4);
    return out.set_binary(context.arena->copy({bytes.data(), size + 4})), true;
}

// The token of "Authorization: Bearer TOKEN", or of another field named by the argument.
bool fetch_bearer(const Context& context, const Arguments& arguments, Cursor&, Sample& out) {
    if (context.request == nullptr) return false;
    const http::Field* field = context.request->fields.find(arguments.text(0, "authorization"));
    constexpr std::string_view kScheme = "Bearer ";
    if (field == nullptr || !same_text(field->value.substr(0, kScheme.size()), kScheme, true)) return false;
    return out.set_text(trim_blanks(field->value.substr(kScheme.size()))), true;
}

std::string_view authority_host(const http::Message& request, std::string_view& port) {
    std::string_view host = request.authority();
    if (const auto at = host.rfind('@'); at != std::string_view::npos) host.remove_prefix(at + 1);
    const auto colon = host.rfind(':');
    if (colon == std::string_view::npos || host.find(']', colon) != std::string_view::npos) return host;
    port = host.substr(colon + 1);
    return host.substr(0, colon);
}
bool fetch_url_ip(const Context& context, const Arguments&, Cursor&, Sample& out) {
    if (context.request == nullptr) return false;
    std::string_view port;
    return parse_ip(authority_host(*context.request, port), out);
}
bool fetch_url_port(const Context& context, const Arguments&, Cursor&, Sample& out) {
    if (context.request == nullptr || context.request->authority().empty()) return false;
    std::string_view port;
    authority_host(*context.request, port);
    return out.set_int(port.empty() ? 80 : leading_number(port)), true;
}

bool fetch_version(const Context& context, const Arguments&, Cursor&, Sample& out) {
    if (context.request == nullptr) return false;
    constexpr std::array<std::string_view, 3> kTexts{"1.0", "1.1", "2.0"};
    return out.set_text(kTexts[static_cast<std::size_t>(context.request->version)]), true;
}
bool fetch_body_size(const Context& context, const Arguments&, Cursor&, Sample& out) {
    if (context.request == nullptr) return false;
    return out.set_int(static_cast<std::int64_t>(context.request->content_length)), true;
}
bool fetch_unique_id(const Context& context, const Arguments&, Cursor&, Sample& out) {
    return out.set_text(context.unique_id), !context.unique_id.empty();
}

// From the line kept for logs: what came from the client, whatever rules did since.
bool fetch_captured_method(const Context& context, const Arguments&, Cursor&, Sample& out) {
    const RequestLine line = split_request_line(context.request_line);
    return out.set_text(line.method), line.valid;
}
bool fetch_captured_uri(const Context& context, const Arguments&, Cursor&, Sample& out) {
    const RequestLine line = split_request_line(context.request_line);
    return out.set_text(line.origin_form()), line.valid;
}
bool fetch_captured_version(const Context& context, const Arguments&, Cursor&, Sample& out) {
    const RequestLine line = split_request_line(context.request_line);
    return out.set_text(line.version == "HTTP/1.0" ? "HTTP/1.0" : "HTTP/1.1"), line.valid;
}

constexpr std::array kRows{
    FetchRow{"method", SampleType::string, Source::request_kept, {}, fetch_method, "the request's method"},
    FetchRow{"path", SampleType::string, Source::request, {}, fetch_path, "the path, without query"},
    FetchRow{"pathq", SampleType::string, Source::request, {}, fetch_pathq, "the path and the query"},
    FetchRow{"url", SampleType::string, Source::request, {}, fetch_url, "the request's target as it is"},
    FetchRow{"url_ip",
             SampleType::address,
             Source::request,
             {},
             fetch_url_ip,
             "the address in an absolute target"},
    FetchRow{"url_port",
             SampleType::integer,
             Source::request,
             {},
             fetch_url_port,
             "the port in an absolute target"},
    FetchRow{"query", SampleType::string, Source::request, {}, fetch_query, "what follows the first '?'"},
    FetchRow{"base", SampleType::string, Source::request, {}, fetch_base, "Host and path"},
    FetchRow{"baseq", SampleType::string, Source::request, {}, fetch_baseq, "Host, path and query"},
    FetchRow{"base32", SampleType::integer, Source::request, {}, fetch_base32, "a hash of base"},
    FetchRow{
        "url32", SampleType::integer, Source::request, {}, fetch_url32, "a hash of Host, path and query"},
    FetchRow{"base32+src",
             SampleType::binary,
             Source::request,
             {},
             fetch_with_source<fetch_base32>,
             "base32 and the client's address"},
    FetchRow{"url32+src",
             SampleType::binary,
             Source::request,
             {},
             fetch_with_source<fetch_url32>,
             "url32 and the client's address"},
    FetchRow{"http_auth_bearer",
             SampleType::string,
             Source::request,
             {0, {ArgumentKind::text}},
             fetch_bearer,
             "the client's bearer token"},
    FetchRow{"req.ver", SampleType::string, Source::request, {}, fetch_version, "1.0, 1.1 or 2.0"},
    FetchRow{"req_ver", SampleType::string, Source::request, {}, fetch_version, "1.0, 1.1 or 2.0"},
    FetchRow{"req.body_size",
             SampleType::integer,
             Source::request,
             {},
             fetch_body_size,
             "the announced body length"},
    FetchRow{
        "unique-id", SampleType::string, Source::constant, {}, fetch_unique_id, "the request's unique id"},
    FetchRow{"capture.req.method",
             SampleType::string,
             Source::request_kept,
             {},
             fetch_captured_method,
             "method received"},
    FetchRow{"capture.req.uri",
             SampleType::string,
             Source::request_kept,
             {},
             fetch_captured_uri,
             "path and query received"},
    FetchRow{"capture.req.ver",
             SampleType::string,
             Source::request_kept,
             {},
             fetch_captured_version,
             "HTTP/1.0 or HTTP/1.1"},
};

}  // namespace

std::span<const FetchRow> request_fetches() {
    return kRows;
}

}  // namespace proxyd::rules
