#include "common/blocking_socket.h"

#include <sys/socket.h>
#include <sys/time.h>

#include "common/endpoint.h"

namespace common {

void limit_blocking(int fd, Duration limit) {
    const auto microseconds = std::chrono::duration_cast<std::chrono::microseconds>(limit).count();
    const timeval value{microseconds / 1'000'000, microseconds % 1'000'000};
    ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &value, sizeof value);
    ::setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &value, sizeof value);
}

Result<UniqueFd> connect_unix(const std::string& path, Duration limit) {
    const auto endpoint = Endpoint::from_unix(path);
    if (!endpoint) return std::unexpected(endpoint.error());
    UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (!fd) return fail_errno("cannot create a socket");
    limit_blocking(fd.get(), limit);
    if (::connect(fd.get(), endpoint->data(), endpoint->size()) < 0)
        return fail_errno("cannot reach " + path);
    return fd;
}

}  // namespace common
