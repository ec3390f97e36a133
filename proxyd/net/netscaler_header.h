// NetScaler's Client IP insertion: in front of a client's bytes stand the IP and TCP headers with which he
// came to the NetScaler (configuration manual 5.1, accept-netscaler-cip; the note that HAProxy carries). Both
// versions: the old one has magic number and length (8 bytes) before those headers, that of NetScaler 10.5
// also a type and a second length (12 bytes). Pure.
#pragma once

#include <cstdint>
#include <string_view>

#include "proxyd/net/proxy_protocol.h"

namespace proxyd::net {

enum class NetscalerFault : unsigned char { none, magic, protocol };

struct NetscalerResult {
    ProxyStatus status = ProxyStatus::more;
    NetscalerFault fault = NetscalerFault::none;  // with error
    std::size_t consumed = 0;                     // with done
};

// Fills source and destination. At most kLongestProxyHeader bytes.
NetscalerResult parse_netscaler_header(std::string_view data, std::uint32_t magic, ProxyHeader& out);

}  // namespace proxyd::net
