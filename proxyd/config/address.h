// Addresses as `bind`, `server`, `log` and `stats socket` write them (configuration manual 4.2 "bind",
// "server" and chapter 11 of later editions): families by prefix, ports, port ranges, offsets, inherited
// descriptors.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/endpoint.h"
#include "common/error.h"
#include "proxyd/config/lexer.h"

namespace proxyd::config {

// $NAME and ${NAME} are replaced in addresses even outside quotes, as HAProxy does for old files.
std::string expand_address(std::string_view text, const Variables& variables);

struct ListenAddress {
    std::string text;          // this element, port range resolved: "*:80"
    common::Endpoint address;  // empty when inherited or not served
    int inherited_fd = -1;
    bool quic = false;  // QUIC is not served yet
};

// `*:80`, `:80`, `ip:80-90`, `[v6]:80`, `ipv4@`, `ipv6@`, `tcp4@`, `unix@/path`, `/path`, `abns@name`,
// `fd@N`, lists with commas. A port is required for IP; host names are resolved at once. `unix_prefix` goes
// before paths (unix-bind).
common::Result<std::vector<ListenAddress>> parse_listen_addresses(std::string_view text,
                                                                  std::string_view unix_prefix = {});

struct ServerAddress {
    std::string host;               // as written, without port and prefix
    common::Endpoint address;       // empty when `host` is a name to be resolved
    int port = 0;                   // 0: none written
    bool keep_client_port = false;  // no port, or an offset to the client's
    int port_offset = 0;
    bool client_destination = false;  // *, 0.0.0.0, ::, no host: where the client itself wanted to go
};
common::Result<ServerAddress> parse_server_address(std::string_view text);

// `ip`, `ip:port`, `host:port`, `/path`, `unix@`, `fd@N` with a port that may be missing; for `log` and
// `source`.
struct PeerAddress {
    common::Endpoint address;  // empty for fd@
    int fd = -1;
    bool datagram = true;  // false after tcp@ and stream+
};
common::Result<PeerAddress> parse_peer_address(std::string_view text, int default_port);

}  // namespace proxyd::config
