// Limits of the whole process (configuration manual 3.2).
#pragma once

namespace proxyd::session {

// 0: none.
struct ProcessLimits {
    int connection_rate = 0, session_rate = 0,
        tls_rate = 0;                    // a second: maxconnrate, maxsessrate, maxsslrate
    int tls_connections = 0;             // maxsslconn
    int compression_rate = 0;            // kilobytes a second that compression takes in: maxcomprate
    int compression_idle = 0;            // percent that a worker must be idle: 100 - maxcompcpuusage
    int accepts = 64;                    // connections per event: tune.maxaccept
    bool no_privileged_sources = false;  // harden.reject-privileged-ports.tcp

    bool any_rate() const { return connection_rate > 0 || session_rate > 0 || tls_rate > 0; }
};

}  // namespace proxyd::session
