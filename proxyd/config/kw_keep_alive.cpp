// How TCP asks silent clients and servers whether they are there: clitcpka-*, srvtcpka-* (configuration
// manual 4.2). `option tcpka` and its kin turn it on.
#include "proxyd/config/arguments.h"
#include "proxyd/config/tables.h"

namespace proxyd::config {
namespace {

using net::TcpKeepAlive;

constexpr int kMostProbes = 127;  // tcp(7)

template <bool server>
TcpKeepAlive& side(Reading& in) {
    return server ? in.proxy().upstream.tcpka : in.proxy().tcpka;
}

template <bool server>
void set_probes(Reading& in, const Statement& line) {
    read_number(in, line, 0, 1, kMostProbes, side<server>(in).probes);
}

// A number without a unit is seconds here.
template <bool server, common::Duration TcpKeepAlive::* member>
void set_time(Reading& in, const Statement& line) {
    read_duration(in, line, 0, side<server>(in).*member, common::TimeUnit::s);
}

constexpr Keyword kKeywords[] = {
    works("clitcpka-cnt", kFrontendSide, 1, 1, set_probes<false>, "<number>",
          "probes without an answer until a client is given up"),
    works("clitcpka-idle", kFrontendSide, 1, 1, set_time<false, &TcpKeepAlive::idle>, "<time>",
          "a client is silent before the first probe"),
    works("clitcpka-intvl", kFrontendSide, 1, 1, set_time<false, &TcpKeepAlive::interval>, "<time>",
          "between two probes"),
    works("srvtcpka-cnt", kBackendSide, 1, 1, set_probes<true>, "<number>",
          "probes without an answer until a server is given up"),
    works("srvtcpka-idle", kBackendSide, 1, 1, set_time<true, &TcpKeepAlive::idle>, "<time>",
          "a server is silent before the first probe"),
    works("srvtcpka-intvl", kBackendSide, 1, 1, set_time<true, &TcpKeepAlive::interval>, "<time>",
          "between two probes"),
};

}  // namespace

std::span<const Keyword> keep_alive_keywords() {
    return kKeywords;
}

}  // namespace proxyd::config
