#include "common/endpoint.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>

namespace common {

Endpoint::Endpoint(const sockaddr* address, socklen_t size) : size_(std::min<socklen_t>(size, capacity())) {
    std::memcpy(&storage_, address, size_);
}

Result<Endpoint> Endpoint::from_ip(std::string_view ip, std::uint16_t port) {
    if (ip.size() > 2 && ip.front() == '[' && ip.back() == ']') ip = ip.substr(1, ip.size() - 2);
    const std::string text(ip);
    Endpoint out;
    if (inet_pton(AF_INET, text.c_str(), &out.storage_.v4.sin_addr) == 1) {
        out.storage_.v4.sin_family = AF_INET;
        out.size_ = sizeof(sockaddr_in);
    } else if (inet_pton(AF_INET6, text.c_str(), &out.storage_.v6.sin6_addr) == 1) {
        out.storage_.v6.sin6_family = AF_INET6;
        out.size_ = sizeof(sockaddr_in6);
    } else {
        return fail("'" + text + "' is not an IPv4 or IPv6 address", Side::config);
    }
    out.set_port(port);
    return out;
}

Result<Endpoint> Endpoint::from_unix(std::string_view path) {
    Endpoint out;
    if (path.empty() || path.size() >= sizeof(out.storage_.local.sun_path))
        return fail("the socket path '" + std::string(path) + "' must have 1 to " +
                        std::to_string(sizeof(out.storage_.local.sun_path) - 1) + " bytes",
                    Side::config);
    out.storage_.local.sun_family = AF_UNIX;
    std::ranges::copy(path, out.storage_.local.sun_path);
    const bool abstract = path.front() == '@';
    if (abstract) out.storage_.local.sun_path[0] = '\0';
    out.size_ = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size() + (abstract ? 0 : 1));
    return out;
}

Endpoint Endpoint::any_v4(std::uint16_t port) {
    Endpoint out;
    out.storage_.v4.sin_family = AF_INET;
    out.size_ = sizeof(sockaddr_in);
    out.set_port(port);
    return out;
}

Endpoint Endpoint::any_v6(std::uint16_t port) {
    Endpoint out;
    out.storage_.v6.sin6_family = AF_INET6;
    out.size_ = sizeof(sockaddr_in6);
    out.set_port(port);
    return out;
}

std::uint16_t Endpoint::port() const {
    if (family() == AF_INET) return ntohs(storage_.v4.sin_port);
    if (family() == AF_INET6) return ntohs(storage_.v6.sin6_port);
    return 0;
}

void Endpoint::set_port(std::uint16_t port) {
    if (family() == AF_INET) storage_.v4.sin_port = htons(port);
    if (family() == AF_INET6) storage_.v6.sin6_port = htons(port);
}

std::string Endpoint::ip() const {
    std::array<char, INET6_ADDRSTRLEN> text{};
    if (family() == AF_INET) return inet_ntop(AF_INET, &storage_.v4.sin_addr, text.data(), text.size());
    if (family() == AF_INET6) return inet_ntop(AF_INET6, &storage_.v6.sin6_addr, text.data(), text.size());
    if (family() != AF_UNIX || size_ <= offsetof(sockaddr_un, sun_path)) return {};
    const std::size_t length = size_ - offsetof(sockaddr_un, sun_path);
    if (storage_.local.sun_path[0] == '\0') return "@" + std::string(storage_.local.sun_path + 1, length - 1);
    return std::string(storage_.local.sun_path, strnlen(storage_.local.sun_path, length));
}

std::string Endpoint::to_string() const {
    if (family() == AF_INET) return ip() + ":" + std::to_string(port());
    if (family() == AF_INET6) return "[" + ip() + "]:" + std::to_string(port());
    return ip();
}

bool Endpoint::operator==(const Endpoint& other) const {
    return size_ == other.size_ && std::memcmp(&storage_, &other.storage_, size_) == 0;
}

}  // namespace common
