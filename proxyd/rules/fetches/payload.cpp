// Fetches of the first bytes of a connection, before anything takes them (configuration manual 7.3.5). While
// more may come (Context::input_final is false), what is not there yet is undecided and rules wait.
#include <algorithm>
#include <array>

#include "proxyd/rules/ascii.h"
#include "proxyd/rules/client_hello.h"
#include "proxyd/rules/registry.h"

namespace proxyd::rules {
namespace {

// Which direction's bytes a row looks at.
using Bytes = std::string_view Context::*;

// No value: final, or only for now.
bool not_yet(const Context& context) {
    if (!context.input_final) context.undecided = true;
    return false;
}

template <Bytes bytes>
bool fetch_len(const Context& context, const Arguments&, Cursor&, Sample& out) {
    if ((context.*bytes).data() == nullptr) return not_yet(context);
    if (!context.input_final) context.undecided = true;  // the number may grow
    return out.set_int(static_cast<std::int64_t>((context.*bytes).size())), true;
}

// payload(offset,length); length 0: all there is.
template <Bytes bytes>
bool fetch_payload(const Context& context, const Arguments& arguments, Cursor&, Sample& out) {
    const std::string_view data = context.*bytes;
    const auto offset = static_cast<std::size_t>(arguments.number(0));
    const auto length = static_cast<std::size_t>(arguments.number(1));
    if (data.data() == nullptr || offset + length > data.size() || (length == 0 && offset >= data.size()))
        return not_yet(context);
    if (length == 0 && !context.input_final) context.undecided = true;
    return out.set_binary(length == 0 ? data.substr(offset) : data.substr(offset, length)), true;
}

// payload_lv(offset1,length[,offset2]): the length of the piece stands in `length` bytes at offset1; the
// piece behind them, at offset2, or at offset2 from there when that has a sign.
template <Bytes bytes>
bool fetch_payload_lv(const Context& context, const Arguments& arguments, Cursor&, Sample& out) {
    const std::string_view data = context.*bytes;
    const std::int64_t at = arguments.number(0), width = arguments.number(1);
    if (data.data() == nullptr || static_cast<std::size_t>(at + width) > data.size()) return not_yet(context);
    std::uint64_t length = 0;
    for (std::int64_t i = 0; i < width; ++i)
        length = length << 8 | static_cast<unsigned char>(data[static_cast<std::size_t>(at + i)]);
    std::int64_t start = at + width;
    if (arguments.has(2)) {
        const std::string_view text = arguments.text(2);
        const std::int64_t other = leading_number(text);
        start = text.starts_with('+') || text.starts_with('-') ? start + other : other;
    }
    if (length == 0 || start < 0 || length > data.size() ||
        static_cast<std::size_t>(start) + length > data.size())
        return length == 0 ? false : not_yet(context);
    return out.set_binary(data.substr(static_cast<std::size_t>(start), length)), true;
}

bool read_hello(const Context& context, ClientHello& hello) {
    if (context.client_data.data() == nullptr) return not_yet(context);
    switch (parse_client_hello(context.client_data, hello)) {
        case HelloStatus::complete:
            return true;
        case HelloStatus::partial:
            return not_yet(context);
        case HelloStatus::none:
            break;
    }
    return false;
}

bool fetch_sni(const Context& context, const Arguments&, Cursor&, Sample& out) {
    ClientHello hello;
    if (!read_hello(context, hello) || hello.server_name.data() == nullptr) return false;
    return out.set_text(hello.server_name), true;
}

// Every protocol that the client offers; its first one outside acls.
bool fetch_alpn(const Context& context, const Arguments&, Cursor& cursor, Sample& out) {
    ClientHello hello;
    if (!read_hello(context, hello)) return false;
    std::string_view rest =
        hello.protocols.substr(std::min<std::size_t>(cursor.offset, hello.protocols.size()));
    const std::string_view name = next_protocol(rest);
    if (name.data() == nullptr) return false;
    cursor.offset = static_cast<std::uint32_t>(hello.protocols.size() - rest.size());
    cursor.more = cursor.iterate && !rest.empty();
    return out.set_text(name), true;
}

// Major version times 65536 plus minor: TLS 1.2 is 3.3.
bool fetch_version(const Context& context, const Arguments&, Cursor&, Sample& out) {
    ClientHello hello;
    if (!read_hello(context, hello)) return false;
    return out.set_int((hello.version >> 8) * 65536 + (hello.version & 0xff)), true;
}

bool fetch_curves(const Context& context, const Arguments&, Cursor&, Sample& out) {
    ClientHello hello;
    return read_hello(context, hello) && (out.set_bool(hello.has_curves), true);
}

bool fetch_ticket(const Context& context, const Arguments&, Cursor&, Sample& out) {
    ClientHello hello;
    return read_hello(context, hello) && (out.set_int(hello.has_session_ticket ? 1 : 0), true);
}

// A client's hello must be whole: what is routed by it is then there, too.
bool fetch_request_hello(const Context& context, const Arguments&, Cursor&, Sample& out) {
    ClientHello hello;
    return read_hello(context, hello) && (out.set_int(1), true);
}

bool fetch_response_hello(const Context& context, const Arguments&, Cursor&, Sample& out) {
    int type = 0;
    if (context.server_data.data() == nullptr) return not_yet(context);
    const HelloStatus status = parse_hello_type(context.server_data, type);
    if (status == HelloStatus::partial) return not_yet(context);
    return status == HelloStatus::complete && (out.set_int(type), true);
}

// True for a whole head of a request.
bool fetch_proto_http(const Context& context, const Arguments&, Cursor&, Sample& out) {
    if (context.request == nullptr && context.head_awaited) return not_yet(context);
    return out.set_bool(context.request != nullptr), true;
}

// True once there is nothing more to wait for.
bool fetch_wait_end(const Context& context, const Arguments&, Cursor&, Sample& out) {
    if (!context.input_final) return not_yet(context);
    return out.set_bool(true), true;
}

// The cookie of an RDP connection request (X.224): "Cookie: NAME=value CR LF" behind 11 bytes.
bool find_rdp_cookie(const Context& context, std::string_view name, std::string_view& value) {
    constexpr std::size_t kHeader = 11;
    constexpr std::string_view kCookie = "Cookie: ";
    const std::string_view data = context.client_data;
    if (data.size() <= kHeader) return not_yet(context);
    if (data[0] != 3 || (static_cast<unsigned char>(data[5]) & 0xf0) != 0xe0) return false;
    const std::string_view rest = data.substr(kHeader);
    const auto end = rest.find("\r\n");
    if (end == std::string_view::npos) return not_yet(context);
    if (!same_text(rest.substr(0, kCookie.size()), kCookie, true)) return false;
    const std::string_view cookie = rest.substr(kCookie.size(), end - kCookie.size());
    const auto equals = cookie.find('=');
    if (equals == std::string_view::npos ||
        (!name.empty() && !same_text(cookie.substr(0, equals), name, true)))
        return false;
    value = cookie.substr(equals + 1);
    return true;
}

bool fetch_rdp_cookie(const Context& context, const Arguments& arguments, Cursor&, Sample& out) {
    std::string_view value;
    return find_rdp_cookie(context, arguments.text(0), value) && (out.set_text(value), true);
}
bool fetch_rdp_cookie_count(const Context& context, const Arguments& arguments, Cursor&, Sample& out) {
    std::string_view value;
    const bool found = find_rdp_cookie(context, arguments.text(0), value);
    if (!found && context.undecided) return false;
    return out.set_int(found ? 1 : 0), true;
}

common::Result<> check_payload(Arguments& arguments) {
    if (arguments.number(0) < 0 || arguments.number(1) < 0)
        return common::fail("offset and length cannot be negative", common::Side::config);
    return {};
}
common::Result<> check_payload_lv(Arguments& arguments) {
    if (arguments.number(0) < 0 || arguments.number(1) < 1 || arguments.number(1) > 8)
        return common::fail("the length of the length is 1 to 8 bytes", common::Side::config);
    return {};
}

constexpr ArgumentSpec kPayload{2, {ArgumentKind::number, ArgumentKind::number}};
constexpr ArgumentSpec kPayloadLv{2, {ArgumentKind::number, ArgumentKind::number, ArgumentKind::text}};
constexpr ArgumentSpec kName{0, {ArgumentKind::text}};
constexpr auto kRequest = Source::request_bytes;
constexpr auto kKept = Source::request_kept;
constexpr auto kResponse = Source::response;
constexpr auto kMessage = Source::message;
constexpr auto kInteger = SampleType::integer;
constexpr auto kBinary = SampleType::binary;
constexpr auto kString = SampleType::string;
constexpr auto kBoolean = SampleType::boolean;
constexpr Bytes kIn = &Context::client_data;
constexpr Bytes kOut = &Context::server_data;

constexpr std::array kRows{
    FetchRow{"req.len", kInteger, kRequest, {}, fetch_len<kIn>, "how many bytes the client has sent"},
    FetchRow{"req_len", kInteger, kRequest, {}, fetch_len<kIn>, "as req.len"},
    FetchRow{"res.len", kInteger, kResponse, {}, fetch_len<kOut>, "how many bytes the server has sent"},
    FetchRow{"req.payload", kBinary, kRequest, kPayload, fetch_payload<kIn>, "bytes of the client",
             check_payload},
    FetchRow{"res.payload", kBinary, kResponse, kPayload, fetch_payload<kOut>, "bytes of the server",
             check_payload},
    FetchRow{"payload", kBinary, kMessage, kPayload, fetch_payload<kIn>, "as req.payload", check_payload},
    FetchRow{"req.payload_lv", kBinary, kRequest, kPayloadLv, fetch_payload_lv<kIn>,
             "bytes of the client, counted by the bytes before them", check_payload_lv},
    FetchRow{"res.payload_lv", kBinary, kResponse, kPayloadLv, fetch_payload_lv<kOut>,
             "bytes of the server, counted by the bytes before them", check_payload_lv},
    FetchRow{"payload_lv", kBinary, kMessage, kPayloadLv, fetch_payload_lv<kIn>, "as req.payload_lv",
             check_payload_lv},
    FetchRow{"req.ssl_sni", kString, kRequest, {}, fetch_sni, "server name of a TLS hello"},
    FetchRow{"req_ssl_sni", kString, kRequest, {}, fetch_sni, "as req.ssl_sni"},
    FetchRow{"req.ssl_alpn", kString, kRequest, {}, fetch_alpn, "protocols of a TLS hello"},
    FetchRow{"req.ssl_ver",
             kInteger,
             kRequest,
             {},
             fetch_version,
             "version of a TLS hello",
             nullptr,
             nullptr,
             "version"},
    FetchRow{
        "req_ssl_ver", kInteger, kRequest, {}, fetch_version, "as req.ssl_ver", nullptr, nullptr, "version"},
    FetchRow{"req.ssl_ec_ext", kBoolean, kRequest, {}, fetch_curves, "a TLS hello names elliptic curves"},
    FetchRow{"req.ssl_st_ext", kInteger, kRequest, {}, fetch_ticket, "a TLS hello takes session tickets"},
    FetchRow{"req.ssl_hello_type", kInteger, kRequest, {}, fetch_request_hello, "1 for a client's TLS hello"},
    FetchRow{"req_ssl_hello_type", kInteger, kRequest, {}, fetch_request_hello, "as req.ssl_hello_type"},
    FetchRow{
        "res.ssl_hello_type", kInteger, kResponse, {}, fetch_response_hello, "2 for a server's TLS hello"},
    FetchRow{"rep_ssl_hello_type", kInteger, kResponse, {}, fetch_response_hello, "as res.ssl_hello_type"},
    FetchRow{"req.proto_http", kBoolean, kKept, {}, fetch_proto_http, "it is HTTP"},
    FetchRow{"req_proto_http", kBoolean, kKept, {}, fetch_proto_http, "as req.proto_http"},
    FetchRow{"req.rdp_cookie", kString, kRequest, kName, fetch_rdp_cookie, "the cookie of an RDP request"},
    FetchRow{"rdp_cookie", kString, kRequest, kName, fetch_rdp_cookie, "as req.rdp_cookie"},
    FetchRow{"req.rdp_cookie_cnt", kInteger, kRequest, kName, fetch_rdp_cookie_count,
             "1 with the cookie of an RDP request"},
    FetchRow{"rdp_cookie_cnt", kInteger, kRequest, kName, fetch_rdp_cookie_count, "as req.rdp_cookie_cnt"},
    FetchRow{
        "wait_end", kBoolean, Source::process, {}, fetch_wait_end, "true when the inspect-delay is over"},
};

}  // namespace

std::span<const FetchRow> payload_fetches() {
    return kRows;
}

}  // namespace proxyd::rules
