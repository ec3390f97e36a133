// Sockets for short conversations that may block: commands, one-shot queries, the helper process. Never for
// an event loop. Any thread.
#pragma once

#include <string>

#include "common/clock.h"
#include "common/error.h"
#include "common/unique_fd.h"

namespace common {

// From now on each connect, send and receive of the blocking socket ends after `limit` (microsecond steps;
// socket(7), SO_RCVTIMEO). What took too long fails with EAGAIN, a TCP connect with EINPROGRESS.
void limit_blocking(int fd, Duration limit);

// A stream connection to the Unix socket at `path`, with that limit set; a listener whose queue is full
// (its process hangs) fails after it too.
Result<UniqueFd> connect_unix(const std::string& path, Duration limit);

}  // namespace common
