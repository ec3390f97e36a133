// Fetches of the response's start line and of what `capture` kept (configuration manual 7.3.6).
#include <array>

#include "proxyd/rules/registry.h"

namespace proxyd::rules {
namespace {

std::string_view version_text(http::Version version) {
    switch (version) {
        case http::Version::http_1_0:
            return "1.0";
        case http::Version::http_1_1:
            return "1.1";
        case http::Version::http_2:
            return "2.0";
    }
    return {};
}

bool fetch_status(const Context& context, const Arguments&, Cursor&, Sample& out) {
    const int status = context.response != nullptr ? context.response->status : context.status;
    return out.set_int(status), status > 0;
}
bool fetch_version(const Context& context, const Arguments&, Cursor&, Sample& out) {
    if (context.response == nullptr) return false;
    return out.set_text(version_text(context.response->version)), true;
}
bool fetch_captured_version(const Context& context, const Arguments&, Cursor&, Sample& out) {
    if (context.response == nullptr) return false;
    return out.set_text(context.response->version == http::Version::http_1_0 ? "HTTP/1.0" : "HTTP/1.1"), true;
}

bool fetch_compressed(const Context& context, const Arguments&, Cursor&, Sample& out) {
    return out.set_bool(!context.compression.empty()), true;
}
bool fetch_compression(const Context& context, const Arguments&, Cursor&, Sample& out) {
    return out.set_text(context.compression), !context.compression.empty();
}

bool captured(std::span<const std::string_view> slots, const Arguments& arguments, Sample& out) {
    const auto slot = static_cast<std::size_t>(arguments.number(0));
    if (slot >= slots.size() || slots[slot].data() == nullptr) return false;
    return out.set_text(slots[slot]), true;
}
bool fetch_captured_request(const Context& context, const Arguments& arguments, Cursor&, Sample& out) {
    return captured(context.captured_request_fields, arguments, out);
}
bool fetch_captured_response(const Context& context, const Arguments& arguments, Cursor&, Sample& out) {
    return captured(context.captured_response_fields, arguments, out);
}

constexpr ArgumentSpec kSlot{1, {ArgumentKind::number}};

constexpr std::array kRows{
    FetchRow{
        "status", SampleType::integer, Source::server_connection, {}, fetch_status, "the response's status"},
    FetchRow{"res.ver", SampleType::string, Source::response, {}, fetch_version, "1.0 or 1.1"},
    FetchRow{"resp_ver", SampleType::string, Source::response, {}, fetch_version, "1.0 or 1.1"},
    FetchRow{
        "capture.res.ver", SampleType::string, Source::request_kept, {}, fetch_captured_version, "HTTP/1.1"},
    FetchRow{"res.comp",
             SampleType::boolean,
             Source::server_connection,
             {},
             fetch_compressed,
             "we compressed the response"},
    FetchRow{"res.comp_algo",
             SampleType::string,
             Source::server_connection,
             {},
             fetch_compression,
             "how we compressed the response"},
    FetchRow{"capture.req.hdr", SampleType::string, Source::request_kept, kSlot, fetch_captured_request,
             "what slot N of capture request header kept"},
    FetchRow{"capture.res.hdr", SampleType::string, Source::server_connection, kSlot, fetch_captured_response,
             "what slot N of capture response header kept"},
};

}  // namespace

std::span<const FetchRow> response_fetches() {
    return kRows;
}

}  // namespace proxyd::rules
