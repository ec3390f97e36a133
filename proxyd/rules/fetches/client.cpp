// Fetches of the client connection (configuration manual 7.3.3).
#include <array>

#include "proxyd/rules/registry.h"

namespace proxyd::rules {
namespace {

bool is_local(const common::Endpoint& endpoint) {
    Sample address;
    if (!address.set_address(endpoint)) return endpoint.family() == AF_UNIX;
    Sample v4 = address;
    if (address.type == SampleType::ipv4 || embedded_v4(address, v4)) return v4.address[0] == 127;
    return IN6_IS_ADDR_LOOPBACK(&endpoint.v6().sin6_addr);
}

bool fetch_src(const Context& context, const Arguments&, Cursor&, Sample& out) {
    return out.set_address(context.source);
}
bool fetch_dst(const Context& context, const Arguments&, Cursor&, Sample& out) {
    return out.set_address(context.destination);
}
bool fetch_src_port(const Context& context, const Arguments&, Cursor&, Sample& out) {
    return out.set_int(context.source.port()), context.source.is_ip();
}
bool fetch_dst_port(const Context& context, const Arguments&, Cursor&, Sample& out) {
    return out.set_int(context.destination.port()), context.destination.is_ip();
}
bool fetch_src_is_local(const Context& context, const Arguments&, Cursor&, Sample& out) {
    return out.set_bool(is_local(context.source)), !context.source.empty();
}
bool fetch_dst_is_local(const Context& context, const Arguments&, Cursor&, Sample& out) {
    return out.set_bool(is_local(context.destination)), !context.destination.empty();
}
bool fetch_so_name(const Context& context, const Arguments&, Cursor&, Sample& out) {
    return out.set_text(context.listener_name), !context.listener_name.empty();
}
bool fetch_so_id(const Context& context, const Arguments&, Cursor&, Sample& out) {
    return out.set_int(context.listener_id), context.listener_id != 0;
}
bool fetch_fe_name(const Context& context, const Arguments&, Cursor&, Sample& out) {
    return out.set_text(context.frontend_name), !context.frontend_name.empty();
}
bool fetch_fe_id(const Context& context, const Arguments&, Cursor&, Sample& out) {
    if (context.frontend == nullptr) return false;
    return out.set_int(context.frontend->id), true;
}
bool fetch_dst_conn(const Context& context, const Arguments&, Cursor&, Sample& out) {
    if (context.frontend == nullptr) return false;
    return out.set_int(context.frontend->frontend.sessions.now()), true;
}
bool fetch_fc_err(const Context& context, const Arguments&, Cursor&, Sample& out) {
    return out.set_int(context.connection_error), true;
}
bool fetch_http_major(const Context& context, const Arguments&, Cursor&, Sample& out) {
    const bool h2 = context.request != nullptr && context.request->version == http::Version::http_2;
    return out.set_int(h2 ? 2 : 1), true;
}

constexpr std::array kRows{
    FetchRow{"src", SampleType::address, Source::client, {}, fetch_src, "the client's address"},
    FetchRow{"src_port", SampleType::integer, Source::client, {}, fetch_src_port, "the client's port"},
    FetchRow{"src_is_local",
             SampleType::boolean,
             Source::client,
             {},
             fetch_src_is_local,
             "the client is this host"},
    FetchRow{
        "dst", SampleType::address, Source::client, {}, fetch_dst, "the address the client connected to"},
    FetchRow{"dst_port",
             SampleType::integer,
             Source::client,
             {},
             fetch_dst_port,
             "the port the client connected to"},
    FetchRow{"dst_is_local",
             SampleType::boolean,
             Source::client,
             {},
             fetch_dst_is_local,
             "it connected to this host"},
    FetchRow{
        "dst_conn", SampleType::integer, Source::frontend, {}, fetch_dst_conn, "connections of the frontend"},
    FetchRow{"fc_src", SampleType::address, Source::client, {}, fetch_src, "the client's address"},
    FetchRow{"fc_src_port", SampleType::integer, Source::client, {}, fetch_src_port, "the client's port"},
    FetchRow{
        "fc_dst", SampleType::address, Source::client, {}, fetch_dst, "the address the client connected to"},
    FetchRow{
        "fc_dst_port", SampleType::integer, Source::client, {}, fetch_dst_port, "the port it connected to"},
    FetchRow{"fc_src_is_local",
             SampleType::boolean,
             Source::client,
             {},
             fetch_src_is_local,
             "the client is this host"},
    FetchRow{"fc_dst_is_local",
             SampleType::boolean,
             Source::client,
             {},
             fetch_dst_is_local,
             "it connected to this host"},
    FetchRow{"fc_err",
             SampleType::integer,
             Source::client,
             {},
             fetch_fc_err,
             "error of the connection, 0 for none"},
    FetchRow{"fc_http_major", SampleType::integer, Source::client, {}, fetch_http_major, "1 or 2"},
    FetchRow{"so_id", SampleType::integer, Source::frontend, {}, fetch_so_id, "number of the bind line"},
    FetchRow{"so_name", SampleType::string, Source::frontend, {}, fetch_so_name, "name of the bind line"},
    FetchRow{"fe_name", SampleType::string, Source::frontend, {}, fetch_fe_name, "name of the frontend"},
    FetchRow{"fe_id", SampleType::integer, Source::frontend, {}, fetch_fe_id, "number of the frontend"},
};

}  // namespace

std::span<const FetchRow> client_fetches() {
    return kRows;
}

}  // namespace proxyd::rules
