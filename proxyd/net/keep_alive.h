// TCP keep-alive: the kernel asks a silent peer whether it is still there (RFC 9293 section 3.8.4, tcp(7)).
#pragma once

#include "common/clock.h"

namespace proxyd::net {

// `option tcpka` and its kin; 0: the system's value.
struct TcpKeepAlive {
    bool on = false;
    int probes = 0;                         // without an answer until the connection ends
    common::Duration idle{0}, interval{0};  // whole seconds, at least one
};

// Of a connection, or of a listening socket, whose connections inherit it. Sockets that are not TCP stay as
// they are.
void set_keep_alive(int fd, const TcpKeepAlive& settings);

}  // namespace proxyd::net
