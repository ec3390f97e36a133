// Fetches of the connections themselves: what the kernel knows, what a PROXY header said, the server's side
// (configuration manual 7.3.3).
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <array>

#include "proxyd/rules/connection_errors.h"
#include "proxyd/rules/registry.h"

namespace proxyd::rules {
namespace {

using Figure = __u32 tcp_info::*;

bool read_info(const Context& context, tcp_info& info) {
    socklen_t size = sizeof info;
    return context.client_fd >= 0 && context.source.is_ip() &&
           ::getsockopt(context.client_fd, IPPROTO_TCP, TCP_INFO, &info, &size) == 0;
}

template <Figure figure>
bool fetch_figure(const Context& context, const Arguments&, Cursor&, Sample& out) {
    tcp_info info{};
    return read_info(context, info) && (out.set_int(info.*figure), true);
}

// The kernel counts microseconds; "us" leaves them, milliseconds are the default.
template <Figure figure>
bool fetch_time(const Context& context, const Arguments& arguments, Cursor&, Sample& out) {
    tcp_info info{};
    if (!read_info(context, info)) return false;
    return out.set_int(arguments.text(0) == "us" ? info.*figure : info.*figure / 1000), true;
}

common::Result<> check_unit(Arguments& arguments) {
    const std::string_view unit = arguments.text(0, "ms");
    if (unit == "ms" || unit == "us") return {};
    return common::fail("the unit is 'ms' or 'us'", common::Side::config);
}

bool fetch_received_header(const Context& context, const Arguments&, Cursor&, Sample& out) {
    return out.set_bool(context.proxy_header != nullptr), true;
}

template <std::string net::ProxyHeader::* member>
bool fetch_header_value(const Context& context, const Arguments&, Cursor&, Sample& out) {
    if (context.proxy_header == nullptr || (context.proxy_header->*member).empty()) return false;
    return out.set_text(context.proxy_header->*member), true;
}

template <const common::Endpoint* Context::* side>
bool fetch_address(const Context& context, const Arguments&, Cursor&, Sample& out) {
    return context.*side != nullptr && out.set_address(*(context.*side));
}
template <const common::Endpoint* Context::* side>
bool fetch_port(const Context& context, const Arguments&, Cursor&, Sample& out) {
    if (context.*side == nullptr || !(context.*side)->is_ip()) return false;
    return out.set_int((context.*side)->port()), true;
}
bool fetch_server_version(const Context& context, const Arguments&, Cursor&, Sample& out) {
    return out.set_int(1), context.server_fd >= 0;
}
// A server connection that failed is gone by the time rules could ask: what is there has no error.
bool fetch_no_error(const Context& context, const Arguments&, Cursor&, Sample& out) {
    return out.set_int(0), context.server_fd >= 0;
}
bool fetch_success_text(const Context& context, const Arguments&, Cursor&, Sample& out) {
    return out.set_text("Success"), context.server_fd >= 0;
}
bool fetch_error_text(const Context& context, const Arguments&, Cursor&, Sample& out) {
    return out.set_text(connection_error_text(context.connection_error)), true;
}
bool fetch_first_request(const Context& context, const Arguments&, Cursor&, Sample& out) {
    return out.set_bool(context.requests <= 1), true;
}
bool fetch_default_backend(const Context& context, const Arguments&, Cursor&, Sample& out) {
    return out.set_text(context.default_backend), !context.default_backend.empty();
}

constexpr ArgumentSpec kUnit{0, {ArgumentKind::text}};
constexpr ArgumentSpec kNoArguments{};
constexpr auto kInteger = SampleType::integer;
constexpr auto kString = SampleType::string;
constexpr auto kAddress = SampleType::address;
constexpr auto kClient = Source::client;
constexpr auto kServer = Source::server_connection;

constexpr std::array kRows{
    FetchRow{"fc_rtt", kInteger, kClient, kUnit, fetch_time<&tcp_info::tcpi_rtt>, "round trip time",
             check_unit},
    FetchRow{"fc_rttvar", kInteger, kClient, kUnit, fetch_time<&tcp_info::tcpi_rttvar>, "its variation",
             check_unit},
    FetchRow{"fc_unacked", kInteger, kClient, kNoArguments, fetch_figure<&tcp_info::tcpi_unacked>,
             "segments on their way"},
    FetchRow{"fc_sacked", kInteger, kClient, kNoArguments, fetch_figure<&tcp_info::tcpi_sacked>,
             "segments acknowledged selectively"},
    FetchRow{"fc_retrans", kInteger, kClient, kNoArguments, fetch_figure<&tcp_info::tcpi_retrans>,
             "segments sent again"},
    FetchRow{"fc_fackets", kInteger, kClient, kNoArguments, fetch_figure<&tcp_info::tcpi_fackets>,
             "segments before the last acknowledged one"},
    FetchRow{"fc_lost", kInteger, kClient, kNoArguments, fetch_figure<&tcp_info::tcpi_lost>, "segments lost"},
    FetchRow{"fc_reordering", kInteger, kClient, kNoArguments, fetch_figure<&tcp_info::tcpi_reordering>,
             "how far segments came out of order"},
    FetchRow{"fc_rcvd_proxy", SampleType::boolean, kClient, kNoArguments, fetch_received_header,
             "a PROXY header came first"},
    FetchRow{"fc_pp_authority", kString, kClient, kNoArguments,
             fetch_header_value<&net::ProxyHeader::authority>, "the name that the PROXY header tells"},
    FetchRow{"fc_pp_unique_id", kString, kClient, kNoArguments,
             fetch_header_value<&net::ProxyHeader::unique_id>, "the unique id that the PROXY header tells"},
    FetchRow{"fc_err_str", kString, kClient, kNoArguments, fetch_error_text, "fc_err in words"},
    FetchRow{"fe_defbe", kString, Source::frontend, kNoArguments, fetch_default_backend,
             "the frontend's default backend"},
    FetchRow{"http_first_req", SampleType::boolean, Source::request_kept, kNoArguments, fetch_first_request,
             "the first request of its connection"},
    FetchRow{"bc_src", kAddress, kServer, kNoArguments, fetch_address<&Context::server_source>,
             "our address to the server"},
    FetchRow{"bc_src_port", kInteger, kServer, kNoArguments, fetch_port<&Context::server_source>,
             "our port to the server"},
    FetchRow{"bc_dst", kAddress, kServer, kNoArguments, fetch_address<&Context::server_destination>,
             "the server's address"},
    FetchRow{"bc_dst_port", kInteger, kServer, kNoArguments, fetch_port<&Context::server_destination>,
             "the server's port"},
    FetchRow{"bc_http_major", kInteger, kServer, kNoArguments, fetch_server_version, "1 or 2"},
    FetchRow{"bc_err", kInteger, kServer, kNoArguments, fetch_no_error, "error of the server connection"},
    FetchRow{"bc_err_str", kString, kServer, kNoArguments, fetch_success_text, "bc_err in words"},
};

}  // namespace

std::span<const FetchRow> connection_fetches() {
    return kRows;
}

}  // namespace proxyd::rules
