#include "proxyd/main/socket_pool.h"

#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <array>

namespace proxyd::main {
namespace {

int option(int fd, int level, int name) {
    int value = 0;
    socklen_t size = sizeof value;
    return ::getsockopt(fd, level, name, &value, &size) < 0 ? -1 : value;
}

// Of the network namespace that a socket belongs to; 0 where the kernel is too old to say.
std::uint64_t namespace_cookie(int fd) {
    constexpr int kCookie = 71;  // SO_NETNS_COOKIE; older C libraries do not name it
    std::uint64_t cookie = 0;
    socklen_t size = sizeof cookie;
    return ::getsockopt(fd, SOL_SOCKET, kCookie, &cookie, &size) == 0 ? cookie : 0;
}

// A Unix socket is bound to "PATH.PID.tmp" and then renamed (listening_sockets.cpp; HAProxy does the same),
// but keeps calling itself by the name it was bound to.
common::Endpoint without_temporary_suffix(const common::Endpoint& address) {
    constexpr std::string_view kSuffix = ".tmp";
    std::string path = address.ip();
    if (!path.ends_with(kSuffix)) return address;
    path.resize(path.size() - kSuffix.size());
    const std::size_t dot = path.rfind('.');
    if (dot == std::string::npos || path.find_first_not_of("0123456789", dot + 1) != std::string::npos)
        return address;
    return common::Endpoint::from_unix(path.substr(0, dot)).value_or(address);
}

}  // namespace

std::uint64_t foreign_namespace(int fd) {
    static const std::uint64_t own = [] {
        const common::UniqueFd probe(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
        return namespace_cookie(probe.get());
    }();
    const std::uint64_t cookie = namespace_cookie(fd);
    return cookie == own ? 0 : cookie;
}

std::string socket_key(const common::Endpoint& address, const std::string& interface, bool v6only,
                       std::uint64_t name_space) {
    std::string key = address.to_string();
    if (name_space != 0) key += " in " + std::to_string(name_space);
    if (!interface.empty()) key += "%" + interface;
    if (address.family() == AF_INET6 && v6only) key += " v6only";
    return key;
}

std::string socket_key(int fd) {
    if (option(fd, SOL_SOCKET, SO_ACCEPTCONN) != 1 || option(fd, SOL_SOCKET, SO_TYPE) != SOCK_STREAM)
        return {};
    common::Endpoint address;
    socklen_t size = common::Endpoint::capacity();
    if (::getsockname(fd, address.data(), &size) < 0) return {};
    address.resize(size);
    if (address.family() == AF_UNIX) address = without_temporary_suffix(address);
    std::array<char, IFNAMSIZ> interface{};
    socklen_t length = interface.size();
    if (::getsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, interface.data(), &length) < 0) interface[0] = '\0';
    const bool v6only = address.family() == AF_INET6 && option(fd, IPPROTO_IPV6, IPV6_V6ONLY) == 1;
    const std::uint64_t elsewhere = address.is_ip() ? foreign_namespace(fd) : 0;
    return socket_key(address, interface.data(), v6only, elsewhere);
}

void SocketPool::add(common::UniqueFd fd) {
    struct stat info{};
    const std::string key = socket_key(fd.get());
    if (key.empty() || ::fstat(fd.get(), &info) < 0 || !known_.insert(info.st_ino).second) return;
    sockets_[key].push_back(std::move(fd));
}

std::vector<common::UniqueFd> SocketPool::take(const std::string& key) {
    auto node = sockets_.extract(key);
    return node.empty() ? std::vector<common::UniqueFd>{} : std::move(node.mapped());
}

std::size_t SocketPool::size() const {
    std::size_t total = 0;
    for (const auto& [key, group] : sockets_) total += group.size();
    return total;
}

}  // namespace proxyd::main
