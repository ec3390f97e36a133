// Opens one connection to a server: TCP or Unix, through a SOCKS server, the PROXY header, TLS. Never blocks;
// ends with its deadline. Used by sessions and by health checks.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "common/clock.h"
#include "common/endpoint.h"
#include "proxyd/net/keep_alive.h"
#include "proxyd/net/stream.h"
#include "proxyd/net/task.h"
#include "proxyd/net/tls_context.h"
#include "proxyd/net/waiter.h"
#include "proxyd/upstream/client_watch.h"
#include "proxyd/upstream/outgoing.h"

namespace proxyd::upstream {

struct ConnectTarget {
    common::Endpoint address;
    common::Endpoint source;                  // to bind to; empty: the system chooses
    bool foreign_source = false;              // which is another machine's
    const Outgoing* outgoing = nullptr;       // how the socket is made; null: an ordinary one
    const common::Endpoint* socks = nullptr;  // the SOCKS server on the way; null: none
    std::string_view proxy_header;            // sent before anything else
    const net::TlsContext* tls = nullptr;
    bool fast_open = false;  // bytes follow at once and may go with the SYN; a failure then shows later
    bool nolinger = false;   // the connection will end with a reset
    const net::TcpKeepAlive* keep_alive = nullptr;
    int mark = -1, tos = -1;  // of its packets; negative: the system's
    std::string server_name;  // SNI, and what the certificate must name when verified; empty: none
};

struct ConnectOutcome {
    enum class Kind : unsigned char {
        connected,
        refused,  // by the server or the network; `error` says how
        timeout,
        resource,  // no descriptor, memory or port of ours
        client_gone
    };
    enum class Step : unsigned char { transport, tls };
    Kind kind = Kind::connected;
    Step step = Step::transport;  // where it ended
    int error = 0;                // errno
    std::string text;             // TLS's reason
};

// On success the stream is attached to the waiter with the bits kServerIn and kServerOut.
net::Task<ConnectOutcome> connect(net::Waiter& waiter, const ConnectTarget& target,
                                  common::TimePoint deadline, ClientWatch& watch, net::Stream& stream);

}  // namespace proxyd::upstream
