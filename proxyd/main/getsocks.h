// The hand-over protocol of HAProxy's stats socket (`expose-fd listeners`, command `_getsocks`), so that
// proxyd and HAProxy can succeed one another. After the command the old process sends the number of sockets
// (a native int), then messages of up to 252 descriptors with one record each: namespace name and interface
// name (one byte of length, then the bytes) and an int of options; the new process answers each message with
// an int.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "common/clock.h"
#include "common/error.h"
#include "common/unique_fd.h"

namespace proxyd::main {

// Asks the process that serves this stats socket.
common::Result<std::vector<common::UniqueFd>> request_sockets(const std::string& path,
                                                              common::Duration timeout);

// Answers on a connection whose peer has sent the command. Blocks at most `timeout` per message.
common::Result<> serve_sockets(int connection, std::span<const int> sockets, common::Duration timeout);

}  // namespace proxyd::main
