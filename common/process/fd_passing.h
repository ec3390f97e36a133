// Descriptors over Unix sockets (SCM_RIGHTS, unix(7)).
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/error.h"
#include "common/unique_fd.h"

namespace common::process {

// The kernel's SCM_MAX_FD: one message carries no more.
inline constexpr std::size_t kMaxFdsPerMessage = 253;

// Sends all of `data` (at least one byte) on a blocking socket; the descriptors go with the first byte.
Result<> send_fds(int socket, std::string_view data, std::span<const int> fds);

// The same without waiting: the number of bytes sent (the descriptors go with the first); Error::retry when
// the socket is full.
Result<std::size_t> send_some_with_fds(int socket, std::string_view data, std::span<const int> fds);

struct ReceivedFds {
    std::string data;  // empty: the peer closed
    std::vector<UniqueFd> fds;
};

// One recvmsg of at most `capacity` bytes; received descriptors are close-on-exec.
Result<ReceivedFds> receive_fds(int socket, std::size_t capacity);

}  // namespace common::process
