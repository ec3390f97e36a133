// How text, times and dates look in log lines (configuration manual 8.2, 8.4, 8.6).
#include <ctime>

#include "proxyd/rules/logs/date.h"
#include "proxyd/rules/logs/variables.h"

namespace proxyd::rules {
namespace {

constexpr std::string_view kHexDigits = "0123456789ABCDEF";

// Backslash before what would end a PARAM-VALUE (RFC 5424 section 6.3.3).
bool needs_escape(char c) {
    return c == '"' || c == '\\' || c == ']';
}

bool is_control(char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 0x20 || byte == 0x7f;
}

void append_hex(char c, char prefix, std::string& out) {
    out += prefix;
    out += kHexDigits[static_cast<unsigned char>(c) >> 4];
    out += kHexDigits[static_cast<unsigned char>(c) & 15];
}

template <bool encode>
void append_text(std::string_view text, const RenderOptions& options, std::string& out) {
    if (options.quote) out += '"';
    if (text.empty() && options.dash && !options.quote) out += '-';
    std::size_t clean = 0;  // start of a run that goes out as it is
    for (std::size_t i = 0; i < text.size(); ++i) {
        const bool control = encode && is_control(text[i]);
        if (!control && !(options.escape && needs_escape(text[i]))) continue;
        out += text.substr(clean, i - clean);
        clean = control ? i + 1 : i;
        if (control)
            append_hex(text[i], '#', out);
        else
            out += '\\';
    }
    out += text.substr(clean);
    if (options.quote) out += '"';
}

}  // namespace

void render_text(std::string_view text, const RenderOptions& options, std::string& out) {
    append_text<false>(text, options, out);
}

void render_sample_text(std::string_view text, const RenderOptions& options, std::string& out) {
    append_text<true>(text, options, out);
}

void render_header_text(std::string_view text, std::string& out) {
    for (char c : text) {
        if (is_control(c) && c != '\t')
            append_hex(c, '%', out);
        else
            out += c;
    }
}

LogTimes log_times(const Context& context) {
    const Timings& t = context.times;
    const auto since_accept = [&](std::int64_t when) { return when == 0 ? -1 : (when - t.accepted) / 1000; };
    const std::int64_t handshake = t.handshake_done == 0 ? 0 : since_accept(t.handshake_done);
    const std::int64_t start = since_accept(t.request_start);
    const std::int64_t request = context.http_mode ? since_accept(t.request_done) : 0;
    const std::int64_t queue = since_accept(t.queue_done);
    const std::int64_t connect = since_accept(t.connected);
    const std::int64_t data = since_accept(t.response_headers);
    const std::int64_t close = since_accept(t.finished);
    const std::int64_t idle = start < 0 ? -1 : start - handshake;

    LogTimes out{};
    out.th = handshake;
    out.ti = idle;
    out.tr_request = request < 0 ? -1 : request - (idle < 0 ? handshake : start);
    out.tq = request;
    out.tw = queue < 0 ? -1 : queue - std::max<std::int64_t>(request, 0);
    out.tc = connect < 0 ? -1 : connect - std::max<std::int64_t>(queue, 0);
    out.tr_response = data < 0 ? -1 : data - std::max<std::int64_t>(connect, 0);
    out.ta = close - (start < 0 ? 0 : start);
    const std::int64_t last = context.http_mode ? data : connect;
    out.td = last < 0 ? -1 : close - last;
    out.tt = close;
    out.tu = close - (idle < 0 ? 0 : idle);
    return out;
}

}  // namespace proxyd::rules
