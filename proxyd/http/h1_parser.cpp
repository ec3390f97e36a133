#include "proxyd/http/h1_parser.h"

#include "proxyd/http/chars.h"
#include "proxyd/http/head_check.h"

namespace proxyd::http {

namespace {

// RFC 9112 section 2.2 asks to ignore at least one empty line before a request; more than a few are an
// attack.
constexpr std::size_t kMaxEmptyLines = 8;
// Each folded line copies the value so far.
constexpr std::size_t kMaxFolds = 16;
constexpr std::size_t kVersionSize = 8;  // "HTTP/1.1"

bool is_version(std::string_view text) {
    return text.size() == kVersionSize && text.starts_with("HTTP/") && is_digit(text[5]) && text[6] == '.' &&
           is_digit(text[7]);
}

std::string_view trim_blanks(std::string_view text) {
    while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
    while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
    return text;
}

}  // namespace

void H1Parser::start_request(const ParseOptions& options) {
    *this = H1Parser();
    options_ = options;
}

void H1Parser::start_response(const ParseOptions& options, Method request_method) {
    *this = H1Parser();
    options_ = options;
    request_ = false;
    request_method_ = request_method;
}

void H1Parser::restart(std::string_view input, Message& message) {
    base_ = input.data();
    begin_ = position_ = scanned_ = line_ = folds_ = 0;
    message.clear();
    message.is_request = request_;
}

ParseResult H1Parser::fail(int status, const char* text, std::size_t position) const {
    return {ParseStatus::error, 0, {request_ ? status : 502, text, position}};
}

ParseResult H1Parser::out_of_room(std::size_t position) const {
    return line_ == 0 ? fail(414, "the start line is too long", position)
                      : fail(431, "the header fields are too large", position);
}

bool H1Parser::refuse(int status, const char* text, const char* where) {
    error_ = {request_ ? status : 502, text, static_cast<std::size_t>(where - base_)};
    return false;
}

ParseResult H1Parser::parse(std::string_view input, Message& message) {
    if (base_ == nullptr || input.data() != base_) restart(input, message);
    while (true) {
        const std::size_t stop = find_control(input, scanned_);
        if (stop + 2 - begin_ > options_.max_head) return out_of_room(stop);
        scanned_ = stop;
        if (stop == input.size()) return {};

        std::size_t next = stop + 2;
        if (input[stop] == '\r') {
            if (stop + 1 == input.size()) return {};
            if (input[stop + 1] != '\n') return fail(400, "CR without LF", stop);
        } else if (input[stop] == '\n' && !request_ && options_.accept_invalid) {
            next = stop + 1;
        } else {
            return fail(400, input[stop] == '\n' ? "LF without CR" : "control character", stop);
        }

        const std::string_view line = input.substr(position_, stop - position_);
        if (line.empty()) {
            if (line_ > 0) {
                if (next == stop + 2) message.raw_end = input.substr(stop, 2);
                return finish(next, message);
            }
            if (!request_) return fail(502, "empty line instead of a status line", stop);
            begin_ = next;
            if (begin_ > 2 * kMaxEmptyLines) return fail(400, "too many empty lines", stop);
        } else {
            const std::string_view raw =
                next == stop + 2 ? input.substr(position_, next - position_) : std::string_view();
            if (!(line_ == 0 ? start_line(line, raw, message) : field_line(line, raw, message))) {
                return {ParseStatus::error, 0, error_};
            }
            ++line_;
        }
        position_ = scanned_ = next;
    }
}

ParseResult H1Parser::finish(std::size_t end, Message& message) {
    const HeadFault fault = request_ ? check_request_head(message, options_)
                                     : check_response_head(message, request_method_, options_);
    if (fault) return fail(fault.status, fault.text, end);
    base_ = nullptr;  // a further parse() begins a new message
    return {ParseStatus::done, end, {}};
}

bool H1Parser::start_line(std::string_view line, std::string_view raw, Message& message) {
    return request_ ? request_line(line, raw, message) : status_line(line, raw, message);
}

bool H1Parser::request_line(std::string_view line, std::string_view raw, Message& message) {
    std::size_t method_end = 0;
    while (method_end < line.size() && is_class(line[method_end], kToken)) ++method_end;
    if (method_end == 0 || method_end == line.size() || line[method_end] != ' ') {
        return refuse(400, "invalid method", line.data() + method_end);
    }
    const std::string_view after = line.substr(method_end + 1);
    std::size_t target_end = 0;
    const int passing = options_.accept_invalid ? kTarget | kOddTarget : kTarget;
    while (target_end < after.size() && is_class(after[target_end], passing)) ++target_end;
    if (target_end == 0 || target_end == after.size() || after[target_end] != ' ') {
        return refuse(400, "invalid character in the request target", after.data() + target_end);
    }
    const std::string_view version = after.substr(target_end + 1);
    if (!is_version(version)) return refuse(400, "invalid protocol version", version.data());

    message.method_text = line.substr(0, method_end);
    message.method = method_id(message.method_text);
    message.target = after.substr(0, target_end);
    if (version[5] != '1') {
        const bool preface = message.method_text == "PRI" && version == "HTTP/2.0";
        return preface ? refuse(405, "HTTP/2 preface on an HTTP/1 connection", line.data())
                       : refuse(505, "unsupported protocol version", version.data());
    }
    message.version = version[7] == '0' ? Version::http_1_0 : Version::http_1_1;
    // A minor version that does not exist yet is answered and forwarded as 1.1 (RFC 9110 section 2.5).
    message.raw_start_line = version[7] <= '1' ? raw : std::string_view();
    if (options_.accept_invalid) message.malformed_accepted = !all_class(message.target, kTarget);
    return true;
}

bool H1Parser::status_line(std::string_view line, std::string_view raw, Message& message) {
    const std::string_view version = line.substr(0, kVersionSize);
    if (!is_version(version) || version[5] != '1')
        return refuse(502, "invalid protocol version", line.data());
    const std::string_view after = line.substr(kVersionSize);
    // "HTTP/1.1 200 OK"; the reason and the blank before it may be missing.
    const bool framed = after.size() >= 4 && after[0] == ' ' && (after.size() == 4 || after[4] == ' ');
    if (!framed || after[1] < '1' || after[1] > '9' || !is_digit(after[2]) || !is_digit(after[3])) {
        return refuse(502, "invalid status code", after.data());
    }
    message.version = version[7] == '0' ? Version::http_1_0 : Version::http_1_1;
    message.status = (after[1] - '0') * 100 + (after[2] - '0') * 10 + (after[3] - '0');
    message.reason = after.size() > 5 ? after.substr(5) : std::string_view();
    message.raw_start_line = version[7] <= '1' && after.size() > 4 ? raw : std::string_view();
    return true;
}

bool H1Parser::field_line(std::string_view line, std::string_view raw, Message& message) {
    if (is_blank(line.front())) return fold(line, message);
    std::size_t colon = 0;
    while (colon < line.size() && is_class(line[colon], kToken)) ++colon;
    bool clean = true;
    if (options_.accept_invalid && colon < line.size() && line[colon] != ':') {
        clean = false;
        message.malformed_accepted = true;
        while (colon < line.size() && line[colon] != ':' && !is_blank(line[colon])) ++colon;
    }
    if (colon == 0 || colon == line.size() || line[colon] != ':') {
        return refuse(400, "invalid character in a field name", line.data() + colon);
    }
    if (message.fields.all().size() >= options_.max_headers)
        return refuse(431, "too many header fields", line.data());

    const std::string_view name = line.substr(0, colon);
    const std::string_view value = trim_blanks(line.substr(colon + 1));
    // Verbatim only when "name: value" is all there is.
    clean = clean && !value.empty() && line[colon + 1] == ' ' && value.size() == line.size() - colon - 2;
    message.fields.append({name, value, clean ? raw : std::string_view(), field_id(name)});
    return true;
}

// Obsolete line folding (RFC 9112 section 5.2): refused in requests, joined with a blank in responses.
bool H1Parser::fold(std::string_view line, Message& message) {
    if (request_ || message.fields.all().empty() || ++folds_ > kMaxFolds) {
        return refuse(400, "folded header field", line.data());
    }
    const std::size_t last = message.fields.all().size() - 1;
    const std::string_view joined =
        message.arena->concat({message.fields.all()[last].value, " ", trim_blanks(line)});
    message.fields.replace_value(*message.arena, last, joined);
    return true;
}

}  // namespace proxyd::http
