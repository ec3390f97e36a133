#include "proxyd/rules/logs/variables.h"

#include <unistd.h>

#include <array>
#include <charconv>
#include <climits>
#include <cstdio>

#include "proxyd/rules/logs/date.h"
#include "proxyd/rules/request_line.h"
#include "proxyd/rules/sample.h"

namespace proxyd::rules {
namespace {

using Out = std::string;
using Options = RenderOptions;

void number(std::int64_t value, Out& out) {
    std::array<char, 24> text;
    out.append(text.data(), std::to_chars(text.data(), text.data() + text.size(), value).ptr);
}
void number_or_hex(std::int64_t value, const Options& options, Out& out) {
    if (!options.hex) return number(value, out);
    std::array<char, 24> text;
    const int size = std::snprintf(text.data(), text.size(), "%04X", static_cast<unsigned>(value));
    out.append(text.data(), static_cast<std::size_t>(size));
}

// What log readers would take for structure becomes #XX (manual 8.6), and everything that is not printable
// ASCII.
enum : unsigned char { kPlain = 0, kCoded = 1, kEscaped = 2 };  // kEscaped: with %{+E} only

struct CodeTable {
    std::array<unsigned char, 256> of{};

    constexpr explicit CodeTable(std::string_view reserved) {
        for (unsigned c = 0; c < of.size(); ++c) of[c] = c < 32 || c >= 127 ? kCoded : kPlain;
        for (char c : {'\\', ']', '"'}) of[static_cast<unsigned char>(c)] = kEscaped;
        for (char c : reserved) of[static_cast<unsigned char>(c)] = kCoded;
    }
};
constexpr CodeTable kUriCodes("\"#");
constexpr CodeTable kHeaderCodes("\"#{|}");

void encoded(std::string_view text, const CodeTable& codes, const Options& options, Out& out) {
    constexpr std::string_view kDigits = "0123456789ABCDEF";
    std::size_t clean = 0;  // start of a run that goes out as it is
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto byte = static_cast<unsigned char>(text[i]);
        const unsigned char code = codes.of[byte];
        if (code == kPlain || (code == kEscaped && !options.escape)) continue;
        out += text.substr(clean, i - clean);
        clean = i + 1;
        if (code == kEscaped)
            out.append({'\\', text[i]});
        else
            out.append({'#', kDigits[byte >> 4], kDigits[byte & 15]});
    }
    out += text.substr(clean);
}

void quoted_uri(std::string_view text, const Options& options, Out& out) {
    if (options.quote) out += '"';
    encoded(text, kUriCodes, options, out);
    if (options.quote) out += '"';
}

void address(const common::Endpoint* endpoint, const Options& options, Out& out) {
    Sample ip;
    if (endpoint == nullptr || !ip.set_address(*endpoint)) {
        const bool local = endpoint != nullptr && endpoint->family() == AF_UNIX;
        return render_text(local ? "unix" : std::string_view(), options, out);
    }
    if (!options.hex) {
        TextBuffer buffer;
        return render_text(to_text(ip, buffer), options, out);
    }
    const std::size_t size = ip.type == SampleType::ipv4 ? 4 : 16;
    for (std::size_t i = 0; i < size; ++i) {
        std::array<char, 4> byte{};
        std::snprintf(byte.data(), byte.size(), "%02X", ip.address[i]);
        out.append(byte.data(), 2);
    }
}
void port(const common::Endpoint* endpoint, const Options& options, Out& out) {
    if (endpoint == nullptr) return render_text({}, options, out);
    number_or_hex(endpoint->port(), options, out);
}

void client_ip(const Context& c, const Options& o, Out& out) {
    address(&c.source, o, out);
}
void client_port(const Context& c, const Options& o, Out& out) {
    port(&c.source, o, out);
}
void frontend_ip(const Context& c, const Options& o, Out& out) {
    address(&c.destination, o, out);
}
void frontend_port(const Context& c, const Options& o, Out& out) {
    port(&c.destination, o, out);
}
void backend_ip(const Context& c, const Options& o, Out& out) {
    address(c.server_source, o, out);
}
void backend_port(const Context& c, const Options& o, Out& out) {
    port(c.server_source, o, out);
}
void server_ip(const Context& c, const Options& o, Out& out) {
    address(c.server_destination, o, out);
}
void server_port(const Context& c, const Options& o, Out& out) {
    port(c.server_destination, o, out);
}

void milliseconds(std::int64_t wall_us, Out& out) {
    const auto ms = static_cast<unsigned>(wall_us / 1000 % 1000);
    out += static_cast<char>('0' + ms / 100);
    out += static_cast<char>('0' + ms / 10 % 10);
    out += static_cast<char>('0' + ms % 10);
}
void date_with_ms(std::int64_t wall_us, Out& out) {
    out += log_date(wall_us, Zone::local);
    out += '.';
    milliseconds(wall_us, out);
}
void date_with_zone(std::int64_t wall_us, Zone zone, Out& out) {
    out += log_date(wall_us, zone);
    out += log_zone(wall_us, zone);
}
std::int64_t request_wall(const Context& c) {
    return c.times.request_wall_us != 0 ? c.times.request_wall_us : c.times.accept_wall_us;
}
void accept_date(const Context& c, const Options&, Out& out) {
    date_with_ms(c.times.accept_wall_us, out);
}
void request_date(const Context& c, const Options&, Out& out) {
    date_with_ms(request_wall(c), out);
}
void gmt_date(const Context& c, const Options&, Out& out) {
    date_with_zone(c.times.accept_wall_us, Zone::utc, out);
}
void local_date(const Context& c, const Options&, Out& out) {
    date_with_zone(c.times.accept_wall_us, Zone::local, out);
}
void request_gmt(const Context& c, const Options&, Out& out) {
    date_with_zone(request_wall(c), Zone::utc, out);
}
void request_local(const Context& c, const Options&, Out& out) {
    date_with_zone(request_wall(c), Zone::local, out);
}
void timestamp(const Context& c, const Options& o, Out& out) {
    number_or_hex(c.times.accept_wall_us / 1'000'000, o, out);
}
void accept_ms(const Context& c, const Options& o, Out& out) {
    if (!o.hex) return milliseconds(c.times.accept_wall_us, out);
    std::array<char, 8> text{};
    std::snprintf(text.data(), text.size(), "%02X",
                  static_cast<unsigned>(c.times.accept_wall_us / 1000 % 1000));
    out += text.data();
}

// A value that logasap cuts short says so.
void plus_if_early(const Context& c, Out& out) {
    if (c.log_early) out += '+';
}
template <std::int64_t LogTimes::* Time, bool grows = false>
void time(const Context& c, const Options&, Out& out) {
    if (grows) plus_if_early(c, out);
    number(log_times(c).*Time, out);
}

void frontend(const Context& c, const Options& o, Out& out) {
    render_text(c.frontend_name, o, out);
}
void frontend_transport(const Context& c, const Options& o, Out& out) {
    if (o.quote) out += '"';
    out += c.frontend_name;
    if (c.tls) out += '~';
    if (o.quote) out += '"';
}
void backend(const Context& c, const Options& o, Out& out) {
    render_text(c.backend_name, o, out);
}
void server(const Context& c, const Options& o, Out& out) {
    render_text(c.server_name.empty() ? "<NOSRV>" : c.server_name, o, out);
}
void mode(const Context& c, const Options& o, Out& out) {
    render_text(c.http_mode ? "HTTP" : "TCP", o, out);
}

void status(const Context& c, const Options&, Out& out) {
    number(c.status, out);
}
void bytes_down(const Context& c, const Options&, Out& out) {
    plus_if_early(c, out);
    number(static_cast<std::int64_t>(c.bytes_to_client), out);
}
void bytes_up(const Context& c, const Options&, Out& out) {
    plus_if_early(c, out);
    number(static_cast<std::int64_t>(c.bytes_from_client), out);
}
void termination(const Context& c, const Options&, Out& out) {
    out += c.termination.cause;
    out += c.termination.phase;
}
void termination_with_cookie(const Context& c, const Options& o, Out& out) {
    termination(c, o, out);
    out += c.termination.cookie_request;
    out += c.termination.cookie_response;
}
void request_cookie(const Context& c, const Options& o, Out& out) {
    render_sample_text(c.captured_request_cookie, o, out);
}
void response_cookie(const Context& c, const Options& o, Out& out) {
    render_sample_text(c.captured_response_cookie, o, out);
}

template <std::int64_t Context::* Count>
void count(const Context& c, const Options&, Out& out) {
    number(c.*Count, out);
}
void retries(const Context& c, const Options&, Out& out) {
    if (c.redispatched) out += '+';
    number(c.retries, out);
}

// "{a|b}", or nothing at all without `capture` lines.
void captures(std::span<const std::string_view> slots, const Options& o, Out& out) {
    if (slots.empty()) return;
    if (o.quote) out += '"';
    out += '{';
    for (std::size_t i = 0; i < slots.size(); ++i) {
        if (i > 0) out += '|';
        encoded(slots[i], kHeaderCodes, o, out);
    }
    out += '}';
    if (o.quote) out += '"';
}
// "a b", each quoted or "-".
void capture_list(std::span<const std::string_view> slots, const Options& o, Out& out) {
    for (std::size_t i = 0; i < slots.size(); ++i) {
        if (i > 0) out += ' ';
        if (o.quote) out += '"';
        if (slots[i].data() == nullptr && !o.quote)
            out += '-';
        else
            encoded(slots[i], kHeaderCodes, o, out);
        if (o.quote) out += '"';
    }
}
void request_captures(const Context& c, const Options& o, Out& out) {
    captures(c.captured_request_fields, o, out);
}
void response_captures(const Context& c, const Options& o, Out& out) {
    captures(c.captured_response_fields, o, out);
}
void request_list(const Context& c, const Options& o, Out& out) {
    capture_list(c.captured_request_fields, o, out);
}
void response_list(const Context& c, const Options& o, Out& out) {
    capture_list(c.captured_response_fields, o, out);
}

constexpr std::string_view kBadRequest = "<BADREQ>";
void request_line(const Context& c, const Options& o, Out& out) {
    quoted_uri(c.request_line.empty() ? kBadRequest : c.request_line, o, out);
}
// A part of the request line, "<BADREQ>" when it has none.
template <std::string_view (*Part)(const RequestLine&)>
void request_part(const Context& c, const Options& o, Out& out) {
    const RequestLine line = split_request_line(c.request_line);
    quoted_uri(line.valid ? Part(line) : kBadRequest, o, out);
}
std::string_view before_query(std::string_view text) {
    return text.substr(0, text.find('?'));
}
std::string_view method_part(const RequestLine& line) {
    return line.method;
}
std::string_view uri_part(const RequestLine& line) {
    return line.target;
}
std::string_view path_part(const RequestLine& line) {
    return before_query(line.target);
}
std::string_view path_only_part(const RequestLine& line) {
    return before_query(line.origin_form());
}
std::string_view query_part(const RequestLine& line) {
    return line.target.substr(path_part(line).size());
}
std::string_view version_part(const RequestLine& line) {
    return line.version.empty() ? "HTTP/0.9" : line.version;
}

void host_name(const Context&, const Options& o, Out& out) {
    static const std::string name = [] {
        std::array<char, HOST_NAME_MAX + 1> text{};
        ::gethostname(text.data(), text.size() - 1);
        return std::string(text.data());
    }();
    render_text(name, o, out);
}
void process_id(const Context&, const Options& o, Out& out) {
    number_or_hex(::getpid(), o, out);
}
void request_counter(const Context& c, const Options& o, Out& out) {
    number_or_hex(static_cast<std::int64_t>(c.unique_number), o, out);
}
void log_counter(const Context& c, const Options& o, Out& out) {
    number_or_hex(static_cast<std::int64_t>(c.log_count), o, out);
}
void unique_id(const Context& c, const Options& o, Out& out) {
    render_text(c.unique_id, o, out);
}
void tls_cipher(const Context& c, const Options& o, Out& out) {
    render_text(c.tls_info != nullptr ? std::string_view(c.tls_info->cipher) : std::string_view(), o, out);
}
void tls_version(const Context& c, const Options& o, Out& out) {
    render_text(c.tls_info != nullptr ? std::string_view(c.tls_info->version) : std::string_view(), o, out);
}

constexpr std::array kRows{
    VariableRow{"B", bytes_down, "bytes sent to the client", false, true},
    VariableRow{"CC", request_cookie, "captured request cookie"},
    VariableRow{"CS", response_cookie, "captured response cookie"},
    VariableRow{"H", host_name, "name of this machine"},
    VariableRow{"HM", request_part<method_part>, "HTTP method"},
    VariableRow{"HP", request_part<path_part>, "HTTP URI without query"},
    VariableRow{"HPO", request_part<path_only_part>, "HTTP path without host and query"},
    VariableRow{"HQ", request_part<query_part>, "HTTP query with its '?'"},
    VariableRow{"HU", request_part<uri_part>, "HTTP URI"},
    VariableRow{"HV", request_part<version_part>, "HTTP version"},
    VariableRow{"ID", unique_id, "unique id"},
    VariableRow{"ST", status, "status code", false, true},
    VariableRow{"T", gmt_date, "UTC date and time"},
    VariableRow{"Ta", time<&LogTimes::ta, true>, "active time of the request, ms", false, true},
    VariableRow{"Tc", time<&LogTimes::tc>, "time to connect to the server, ms", false, true},
    VariableRow{"Td", time<&LogTimes::td>, "time to transfer data, ms", false, true},
    VariableRow{"Tl", local_date, "local date and time"},
    VariableRow{"Th", time<&LogTimes::th>, "time of handshakes, ms", false, true},
    VariableRow{"Ti", time<&LogTimes::ti>, "idle time before the request, ms", false, true},
    VariableRow{"Tq", time<&LogTimes::tq>, "Th + Ti + TR, ms", false, true},
    VariableRow{"TR", time<&LogTimes::tr_request>, "time to receive the request, ms", false, true},
    VariableRow{"Tr", time<&LogTimes::tr_response>, "time until the response's header, ms", false, true},
    VariableRow{"Ts", timestamp, "seconds since 1970", false, true},
    VariableRow{"Tt", time<&LogTimes::tt, true>, "total time since the accept, ms", false, true},
    VariableRow{"Tu", time<&LogTimes::tu, true>, "total time without idling, ms", false, true},
    VariableRow{"Tw", time<&LogTimes::tw>, "time in queues, ms", false, true},
    VariableRow{"U", bytes_up, "bytes received from the client", false, true},
    VariableRow{"ac", count<&Context::active_connections>, "connections of the process", false, true},
    VariableRow{"b", backend, "name of the backend"},
    VariableRow{"bc", count<&Context::backend_connections>, "connections of the backend", false, true},
    VariableRow{"bi", backend_ip, "own address towards the server"},
    VariableRow{"bp", backend_port, "own port towards the server", false, true},
    VariableRow{"bq", count<&Context::backend_queue>, "position in the backend's queue", false, true},
    VariableRow{"ci", client_ip, "address of the client"},
    VariableRow{"cp", client_port, "port of the client", false, true},
    VariableRow{"f", frontend, "name of the frontend"},
    VariableRow{"fc", count<&Context::frontend_connections>, "connections of the frontend", false, true},
    VariableRow{"fi", frontend_ip, "address the client connected to"},
    VariableRow{"fp", frontend_port, "port the client connected to", false, true},
    VariableRow{"ft", frontend_transport, "name of the frontend, '~' for TLS"},
    VariableRow{"hr", request_captures, "captured request headers {a|b}", true},
    VariableRow{"hrl", request_list, "captured request headers a b", true},
    VariableRow{"hs", response_captures, "captured response headers {a|b}", true},
    VariableRow{"hsl", response_list, "captured response headers a b", true},
    VariableRow{"lc", log_counter, "log lines of the frontend", false, true},
    VariableRow{"mode", mode, "HTTP or TCP (proxyd's own)"},
    VariableRow{"ms", accept_ms, "milliseconds of the accept's second", false, true},
    VariableRow{"pid", process_id, "process number", false, true},
    VariableRow{"r", request_line, "request line"},
    VariableRow{"rc", retries, "retries, '+' after a redispatch", false, true},
    VariableRow{"rt", request_counter, "number of the request in this process", false, true},
    VariableRow{"s", server, "name of the server"},
    VariableRow{"sc", count<&Context::server_connections>, "connections of the server", false, true},
    VariableRow{"si", server_ip, "address of the server"},
    VariableRow{"sp", server_port, "port of the server", false, true},
    VariableRow{"sq", count<&Context::server_queue>, "position in the server's queue", false, true},
    VariableRow{"sslc", tls_cipher, "TLS cipher"},
    VariableRow{"sslv", tls_version, "TLS version"},
    VariableRow{"t", accept_date, "local date and time of the accept, with ms"},
    VariableRow{"tr", request_date, "local date and time of the request, with ms"},
    VariableRow{"trg", request_gmt, "UTC date and time of the request"},
    VariableRow{"trl", request_local, "local date and time of the request"},
    VariableRow{"ts", termination, "termination state"},
    VariableRow{"tsc", termination_with_cookie, "termination state and cookie state"},
};

}  // namespace

std::span<const VariableRow> log_variables() {
    return kRows;
}

}  // namespace proxyd::rules
