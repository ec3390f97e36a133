// What `bind` and `server` lines ask of the kernel for their TCP connections (tcp(7), socket(7)).
#pragma once

#include <string>

#include "common/clock.h"
#include "common/endpoint.h"
#include "common/error.h"

namespace proxyd::net {

// 0 and empty: as the system does.
struct SocketOptions {
    common::Duration user_timeout{0};         // tcp-ut: sent data stays unacknowledged so long at most
    int max_segment = 0;                      // mss: bytes
    std::string congestion;                   // cc: algorithm
    int receive_buffer = 0, send_buffer = 0;  // tune.rcvbuf.*, tune.sndbuf.*: bytes, without the kernel's own
    std::string md5_password;                 // tcp-md5sig: segments are signed (RFC 2385)

    bool operator==(const SocketOptions&) const = default;
};

inline constexpr std::size_t kLongestMd5Password = 80;  // TCP_MD5SIG_MAXKEYLEN

// Of a listening socket (its connections inherit them), or of one that is to connect to `peer`, before it
// does. Empty peer: anybody. What is not asked for stays as it is; sockets that are not TCP stay as they are.
common::Result<> set_options(int fd, const SocketOptions& options, const common::Endpoint& peer = {});

// Of a listening socket that somebody else has set up: what he asked for and we do not is undone.
common::Result<> replace_options(int fd, const SocketOptions& options);

}  // namespace proxyd::net
