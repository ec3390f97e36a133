#include "proxyd/upstream/proxy_header.h"

#include "proxyd/net/proxy_protocol.h"

namespace proxyd::upstream {

namespace {

bool same_ip_family(const common::Endpoint& a, const common::Endpoint& b) {
    return a.is_ip() && a.family() == b.family();
}

std::string bytes(const void* data, std::size_t size) {
    return {static_cast<const char*>(data), size};
}

}  // namespace

std::string proxy_header_v1(const common::Endpoint& source, const common::Endpoint& destination) {
    if (!same_ip_family(source, destination)) return "PROXY UNKNOWN\r\n";
    return std::string("PROXY ") + (source.family() == AF_INET ? "TCP4 " : "TCP6 ") + source.ip() + " " +
           destination.ip() + " " + std::to_string(source.port()) + " " + std::to_string(destination.port()) +
           "\r\n";
}

std::string proxy_header_v2(const common::Endpoint& source, const common::Endpoint& destination) {
    constexpr char kLocal = 0x20;
    constexpr char kProxy = 0x21;
    std::string header(net::kProxySignature);
    if (!same_ip_family(source, destination)) return header + kLocal + '\0' + '\0' + '\0';
    std::string addresses;
    if (source.family() == AF_INET) {
        addresses = bytes(&source.v4().sin_addr, 4) + bytes(&destination.v4().sin_addr, 4) +
                    bytes(&source.v4().sin_port, 2) + bytes(&destination.v4().sin_port, 2);
    } else {
        addresses = bytes(&source.v6().sin6_addr, 16) + bytes(&destination.v6().sin6_addr, 16) +
                    bytes(&source.v6().sin6_port, 2) + bytes(&destination.v6().sin6_port, 2);
    }
    header += kProxy;
    header += static_cast<char>(source.family() == AF_INET ? net::ProxyFamily::tcp4 : net::ProxyFamily::tcp6);
    header += '\0';
    header += static_cast<char>(addresses.size());
    return header + addresses;
}

}  // namespace proxyd::upstream
