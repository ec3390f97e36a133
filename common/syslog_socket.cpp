#include "common/syslog_socket.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <ctime>

#include <fmt/format.h>

namespace common::log {

bool SyslogSocket::connect() {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path_.size() >= sizeof address.sun_path) return false;
    std::memcpy(address.sun_path, path_.data(), path_.size());
    socket_.reset(::socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!socket_) return false;
    if (::connect(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0)
        return true;
    socket_.reset();
    return false;
}

bool SyslogSocket::send(int priority, std::string_view ident, std::string_view text) {
    const std::time_t now = std::time(nullptr);
    std::tm local{};
    ::localtime_r(&now, &local);
    std::array<char, 32> stamp{};
    const std::size_t size = std::strftime(stamp.data(), stamp.size(), "%b %e %T", &local);
    const std::string line = fmt::format("<{}>{} {}[{}]: {}", priority, std::string_view(stamp.data(), size),
                                         ident, ::getpid(), text);
    for (int attempt = 0; attempt < 2; ++attempt) {
        if (!socket_ && !connect()) return false;
        if (::send(socket_.get(), line.data(), line.size(), MSG_NOSIGNAL) >= 0) return true;
        if (errno == EAGAIN || errno == EMSGSIZE) return false;
        socket_.reset();
    }
    return false;
}

}  // namespace common::log
