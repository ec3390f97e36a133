#pragma once

#include <sys/socket.h>

namespace proxyd::net {

// Closing the socket will send a reset and leave nothing behind, no unsent byte and no TIME_WAIT (socket(7),
// SO_LINGER).
inline void reset_on_close(int fd) {
    const struct linger at_once{1, 0};
    ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

}  // namespace proxyd::net
