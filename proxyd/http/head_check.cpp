#include "proxyd/http/head_check.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "common/text.h"
#include "proxyd/http/chars.h"

namespace proxyd::http {

namespace {

// More options than any sane sender needs; each costs a look at all fields.
constexpr std::size_t kMaxConnectionOptions = 32;

bool has_element(std::string_view list, std::string_view wanted) {
    while (!list.empty()) {
        if (common::iequals(next_element(list), wanted)) return true;
    }
    return false;
}

bool has_element(const Fields& fields, FieldId id, std::string_view wanted) {
    return std::ranges::any_of(
        fields.all(), [&](const Field& field) { return field.id == id && has_element(field.value, wanted); });
}

struct Length {
    bool present = false;
    bool odd = false;  // a list, repeated or with leading zeros: to be written anew
    std::uint64_t value = 0;
};

// RFC 9110 section 8.6: digits only; a list or repeated fields must all say the same.
HeadFault read_length(const Fields& fields, Length& length) {
    for (const Field& field : fields.all()) {
        if (field.id != FieldId::content_length) continue;
        if (field.value.empty() || field.value.back() == ',') return {400, "empty Content-Length"};
        std::string_view rest = field.value;
        while (!rest.empty()) {
            const std::string_view digits = next_element(rest);
            std::uint64_t value = 0;
            const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
            if (digits.empty() || !is_digit(digits.front()) || error != std::errc() ||
                end != digits.data() + digits.size() || value > INT64_MAX) {
                return {400, "invalid Content-Length"};
            }
            if (length.present && value != length.value) return {400, "two different Content-Length values"};
            length.odd |= length.present || (digits.size() > 1 && digits.front() == '0');
            length.present = true;
            length.value = value;
        }
    }
    return {};
}

// RFC 9112 section 6.1. `chunked` must be there once and last; codings before it are not ours to undo.
HeadFault read_transfer_encoding(const Fields& fields, bool& chunked) {
    bool other = false;
    bool present = false;
    for (const Field& field : fields.all()) {
        if (field.id != FieldId::transfer_encoding) continue;
        present = true;
        if (field.value.empty() || field.value.back() == ',') return {400, "empty Transfer-Encoding"};
        std::string_view rest = field.value;
        while (!rest.empty()) {
            if (chunked) return {400, "chunked is not the last transfer coding"};
            if (common::iequals(next_element(rest), "chunked")) {
                chunked = true;
            } else {
                other = true;
            }
        }
    }
    if (present && !chunked) return {400, "transfer coding without chunked"};
    if (other) return {422, "unsupported transfer coding"};
    return {};
}

HeadFault decide_framing(Message& message, const HeadOptions& options) {
    bool chunked = false;
    if (const HeadFault fault = read_transfer_encoding(message.fields, chunked)) return fault;
    Length length;
    if (const HeadFault fault = read_length(message.fields, length)) return fault;
    if (chunked) {
        // A sender that gives both, or uses a coding its version does not have, may see another end of the
        // message than we do: the connection is not used again.
        if (length.present) message.fields.remove(FieldId::content_length);
        const bool odd = length.present || message.version == Version::http_1_0;
        if (odd && !options.trust_odd_coding) message.keep_alive = false;
        message.framing = Framing::chunked;
        return {};
    }
    if (!length.present) return {};
    message.framing = Framing::length;
    message.content_length = length.value;
    if (length.odd) {
        std::array<char, 24> digits;
        const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), length.value).ptr;
        message.fields.set(*message.arena, "content-length", {digits.data(), end});
    }
    return {};
}

// Fields that no `Connection: name` may take away: framing, addressing, what is managed here, and the trail
// of addresses that an earlier proxy wrote.
bool is_protected(FieldId id) {
    constexpr FieldId kProtected[] = {FieldId::host,    FieldId::connection, FieldId::content_length,
                                      FieldId::upgrade, FieldId::keep_alive, FieldId::transfer_encoding,
                                      FieldId::te,      FieldId::trailer,    FieldId::x_forwarded_for};
    return std::ranges::find(kProtected, id) != std::end(kProtected);
}

// RFC 9110 section 7.6.1.
HeadFault apply_connection(Message& message) {
    bool close = false, keep = false, upgrade = false;
    std::array<std::string_view, kMaxConnectionOptions> named;
    std::size_t count = 0;
    std::size_t options = 0;
    for (const Field& field : message.fields.all()) {
        if (field.id != FieldId::connection) continue;
        std::string_view rest = field.value;
        while (!rest.empty()) {
            const std::string_view option = next_element(rest);
            if (option.empty()) continue;
            if (++options > kMaxConnectionOptions) return {400, "too many options in Connection"};
            if (common::iequals(option, "close")) {
                close = true;
            } else if (common::iequals(option, "keep-alive")) {
                keep = true;
            } else if (common::iequals(option, "upgrade")) {
                upgrade = true;
            } else if (!is_protected(field_id(option))) {
                named[count++] = option;
            }
        }
    }
    for (std::size_t i = 0; i < count; ++i) message.fields.remove(named[i]);
    message.keep_alive = !close && (keep || message.version != Version::http_1_0);
    // h2c is not spoken on this side (RFC 9113 section 3.1 withdrew the upgrade).
    message.upgrade = upgrade && message.version == Version::http_1_1 &&
                      message.fields.find(FieldId::upgrade) &&
                      !has_element(message.fields, FieldId::upgrade, "h2c");
    return {};
}

// RFC 9110 section 10.1.4: only `trailers` may be passed on.
void reduce_te(Message& message) {
    if (!message.fields.find(FieldId::te)) return;
    const bool trailers = has_element(message.fields, FieldId::te, "trailers");
    message.fields.remove(FieldId::te);
    if (trailers) message.fields.add(*message.arena, "te", "trailers");
}

// A body that HTTP/1.0 servers do not look for with these methods: to them it would be the next request.
bool surprising_body(const Message& request) {
    const bool has_body = request.framing == Framing::chunked || request.content_length > 0;
    return has_body &&
           (request.method == Method::get || request.method == Method::head || request.method == Method::del);
}

}  // namespace

HeadFault check_request_head(Message& request, const HeadOptions& options) {
    if (const HeadFault fault = check_target(request, options.accept_invalid)) return fault;
    if (const HeadFault fault = apply_connection(request)) return fault;
    if (const HeadFault fault = decide_framing(request, options)) return fault;
    if (request.version == Version::http_1_0 && !options.payload_with_any_method && surprising_body(request))
        return {413, "body of a GET, HEAD or DELETE in HTTP/1.0"};
    reduce_te(request);
    if (request.method == Method::connect &&
        (request.framing == Framing::chunked || request.content_length > 0)) {
        return {400, "CONNECT with a body"};
    }
    request.expect_continue = request.version == Version::http_1_1 && request.framing != Framing::none &&
                              has_element(request.fields, FieldId::expect, "100-continue");
    if (request.upgrade && has_element(request.fields, FieldId::upgrade, "websocket") &&
        !request.fields.find(FieldId::sec_websocket_key)) {
        return {400, "WebSocket request without a key"};
    }
    return {};
}

HeadFault check_response_head(Message& response, Method request_method, const HeadOptions& options) {
    HeadFault fault = apply_connection(response);
    if (!fault) fault = decide_framing(response, options);
    if (fault) return {502, fault.text};

    // RFC 9112 section 6.3, rules 1 and 2: these have no body whatever their fields say.
    const int status = response.status;
    const bool tunnel = request_method == Method::connect && status >= 200 && status < 300;
    const bool no_content = status < 200 || status == 204;
    if (no_content || tunnel) {
        response.fields.remove(FieldId::content_length);
        response.fields.remove(FieldId::transfer_encoding);
        response.content_length = 0;
    }
    if (no_content || tunnel || status == 304 || request_method == Method::head) {
        response.framing = Framing::none;
    } else if (response.framing == Framing::none) {
        response.framing = Framing::until_close;
        response.keep_alive = false;
    }
    if (status == 101 && response.upgrade) response.keep_alive = false;
    return {};
}

}  // namespace proxyd::http
