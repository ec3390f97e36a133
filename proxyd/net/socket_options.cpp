#include "proxyd/net/socket_options.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <fstream>
#include <span>

namespace proxyd::net {
namespace {

using common::fail_errno;
using common::Result;

constexpr int kBufferLock = 72;  // SO_BUF_LOCK; older C libraries do not name it

bool set(int fd, int level, int name, int value) {
    return ::setsockopt(fd, level, name, &value, sizeof value) == 0;
}

int family_of(int fd) {
    int family = 0;
    socklen_t size = sizeof family;
    ::getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &family, &size);
    return family;
}

int milliseconds(common::Duration time) {
    return static_cast<int>(std::chrono::duration_cast<std::chrono::milliseconds>(time).count());
}

bool set_congestion(int fd, const std::string& name) {
    return ::setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, name.data(), static_cast<socklen_t>(name.size())) ==
           0;
}

bool set_password(int fd, const common::Endpoint& of, int prefix, const std::string& password) {
    struct tcp_md5sig wanted{};
    std::memcpy(&wanted.tcpm_addr, of.data(), of.size());
    if (prefix >= 0) {
        wanted.tcpm_flags = TCP_MD5SIG_FLAG_PREFIX;
        wanted.tcpm_prefixlen = static_cast<std::uint8_t>(prefix);
    }
    const std::size_t length = std::min(password.size(), sizeof wanted.tcpm_key);
    wanted.tcpm_keylen = static_cast<std::uint16_t>(length);
    std::memcpy(wanted.tcpm_key, password.data(), length);
    const int name = prefix >= 0 ? TCP_MD5SIG_EXT : TCP_MD5SIG;
    return ::setsockopt(fd, IPPROTO_TCP, name, &wanted, sizeof wanted) == 0;
}

// Of everybody: an IPv6 socket keeps the keys of IPv4 peers apart, and need not take any.
bool set_password_of_all(int fd, int family, const std::string& password) {
    if (family == AF_INET) return set_password(fd, common::Endpoint::any_v4(0), 0, password);
    if (!set_password(fd, common::Endpoint::any_v6(0), 0, password)) return false;
    if (const auto mapped = common::Endpoint::from_ip("::ffff:0.0.0.0", 0))
        set_password(fd, *mapped, 0, password);
    return true;
}

Result<> set_buffer(int fd, int name, int bytes) {
    if (bytes > 0 && !set(fd, SOL_SOCKET, name, bytes)) return fail_errno("cannot set the size of a buffer");
    return {};
}

std::string default_congestion() {
    std::ifstream file("/proc/sys/net/ipv4/tcp_congestion_control");
    std::string name;
    file >> name;
    return name;
}

}  // namespace

Result<> set_options(int fd, const SocketOptions& options, const common::Endpoint& peer) {
    const int family = family_of(fd);
    if (family != AF_INET && family != AF_INET6) return {};
    if (options.user_timeout.count() > 0 &&
        !set(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, milliseconds(options.user_timeout)))
        return fail_errno("cannot set the TCP user timeout");
    if (options.max_segment > 0 && !set(fd, IPPROTO_TCP, TCP_MAXSEG, options.max_segment))
        return fail_errno("cannot set the segment size " + std::to_string(options.max_segment));
    if (!options.congestion.empty() && !set_congestion(fd, options.congestion))
        return fail_errno("cannot use the congestion control '" + options.congestion + "'");
    if (auto done = set_buffer(fd, SO_RCVBUF, options.receive_buffer); !done) return done;
    if (auto done = set_buffer(fd, SO_SNDBUF, options.send_buffer); !done) return done;
    if (options.md5_password.empty()) return {};
    const bool is_signed = peer.empty() ? set_password_of_all(fd, family, options.md5_password)
                                        : set_password(fd, peer, -1, options.md5_password);
    if (!is_signed) return fail_errno("cannot sign segments (tcp-md5sig)");
    return {};
}

Result<> replace_options(int fd, const SocketOptions& options) {
    const int family = family_of(fd);
    if (family != AF_INET && family != AF_INET6) return {};
    set(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, 0);
    set(fd, IPPROTO_TCP, TCP_MAXSEG, 0);
    set(fd, SOL_SOCKET, kBufferLock, 0);
    if (options.congestion.empty()) set_congestion(fd, default_congestion());
    if (options.md5_password.empty()) set_password_of_all(fd, family, {});
    return set_options(fd, options);
}

}  // namespace proxyd::net
