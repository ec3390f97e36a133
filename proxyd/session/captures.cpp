#include "proxyd/session/captures.h"

#include "common/text.h"

namespace proxyd::session {

namespace {

using rules::CaptureSlot;

// The last occurrence of each header, cut to its length. Slots whose header is not there stay as rules have
// left them.
void capture_fields(const std::vector<CaptureSlot>& slots, const http::Message& message, common::Arena& arena,
                    std::vector<std::string_view>& out) {
    for (const http::Field& field : message.fields.all())
        for (std::size_t i = 0; i < slots.size(); ++i)
            if (!slots[i].header.empty() && common::iequals(field.name, slots[i].header))
                out[i] = arena.copy(field.value.substr(0, slots[i].length));
}

// "name=value" of the first cookie whose name begins so.
std::string_view find_cookie(const http::Message& message, http::FieldId id, std::string_view name) {
    for (const http::Field& field : message.fields.all()) {
        if (field.id != id) continue;
        std::string_view rest = field.value;
        while (!rest.empty()) {
            const auto end = std::min(rest.find(';'), rest.size());
            const std::string_view pair = common::trim(rest.substr(0, end));
            if (pair.starts_with(name)) return pair;
            if (id == http::FieldId::set_cookie) break;  // attributes follow
            rest.remove_prefix(std::min(end + 1, rest.size()));
        }
    }
    return {};
}

std::string_view capture_cookie(const rules::CaptureSlots& captures, const http::Message& message,
                                http::FieldId id, common::Arena& arena) {
    if (captures.cookie.empty()) return {};
    return arena.copy(find_cookie(message, id, captures.cookie).substr(0, captures.cookie_length));
}

}  // namespace

void capture_request(const ProxySettings& frontend, Exchange& exchange) {
    const rules::CaptureSlots& captures = frontend.captures;
    rules::Context& context = exchange.context;
    if (!captures.request.empty()) {
        exchange.request_captures.assign(captures.request.size(), {});
        capture_fields(captures.request, exchange.request, exchange.arena, exchange.request_captures);
        context.captured_request_fields = exchange.request_captures;
    }
    if (!captures.response.empty()) {  // rules may fill them before there is a response
        exchange.response_captures.assign(captures.response.size(), {});
        context.captured_response_fields = exchange.response_captures;
    }
}

void capture_request_cookie(const ProxySettings& frontend, Exchange& exchange) {
    exchange.context.captured_request_cookie =
        capture_cookie(frontend.captures, exchange.request, http::FieldId::cookie, exchange.arena);
}

void capture_response(const ProxySettings& frontend, Exchange& exchange) {
    const rules::CaptureSlots& captures = frontend.captures;
    if (!captures.response.empty())
        capture_fields(captures.response, exchange.response, exchange.arena, exchange.response_captures);
    exchange.context.captured_response_cookie =
        capture_cookie(captures, exchange.response, http::FieldId::set_cookie, exchange.arena);
}

}  // namespace proxyd::session
