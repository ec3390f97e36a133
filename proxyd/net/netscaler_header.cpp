#include "proxyd/net/netscaler_header.h"

#include <netinet/in.h>

#include <algorithm>
#include <cstring>

namespace proxyd::net {
namespace {

constexpr std::size_t kOldPrefix = 8, kNewPrefix = 12;
constexpr std::size_t kLeastIp4 = 20, kIp6 = 40, kLeastTcp = 20;  // bytes of headers
constexpr std::size_t kProtocolOfIp4 = 9, kProtocolOfIp6 = 6;     // where they say what they carry

std::size_t number(std::string_view data, std::size_t at, std::size_t size) {
    std::size_t value = 0;
    for (const char byte : data.substr(at, size)) value = value << 8 | static_cast<unsigned char>(byte);
    return value;
}

NetscalerResult wrong(NetscalerFault fault) {
    return {ProxyStatus::error, fault, 0};
}

common::Endpoint address(int family, std::string_view bytes, std::size_t port) {
    const auto number = static_cast<std::uint16_t>(port);
    common::Endpoint out =
        family == AF_INET ? common::Endpoint::any_v4(number) : common::Endpoint::any_v6(number);
    if (family == AF_INET)
        std::memcpy(&reinterpret_cast<sockaddr_in*>(out.data())->sin_addr, bytes.data(), bytes.size());
    else
        std::memcpy(&reinterpret_cast<sockaddr_in6*>(out.data())->sin6_addr, bytes.data(), bytes.size());
    return out;
}

// The packet's headers: addresses from the first, ports from the second. False: they are none.
bool read_packet(std::string_view packet, ProxyHeader& out) {
    if (packet.empty()) return false;
    const auto first = static_cast<unsigned char>(packet[0]);
    const bool v4 = first >> 4 == 4, v6 = first >> 4 == 6;
    const std::size_t size = v4 ? std::size_t{first & 15U} * 4 : kIp6;
    if ((!v4 && !v6) || size < kLeastIp4 || packet.size() < size + kLeastTcp) return false;
    if (number(packet, v4 ? kProtocolOfIp4 : kProtocolOfIp6, 1) != IPPROTO_TCP) return false;
    const int family = v4 ? AF_INET : AF_INET6;
    const std::size_t length = v4 ? 4 : 16, at = v4 ? 12 : 8;
    out.source = address(family, packet.substr(at, length), number(packet, size, 2));
    out.destination = address(family, packet.substr(at + length, length), number(packet, size + 2, 2));
    return true;
}

}  // namespace

NetscalerResult parse_netscaler_header(std::string_view data, std::uint32_t magic, ProxyHeader& out) {
    for (std::size_t i = 0; i < std::min<std::size_t>(data.size(), 4); ++i)
        if (number(data, i, 1) != (magic >> (24 - 8 * i) & 0xff)) return wrong(NetscalerFault::magic);
    if (data.size() <= kOldPrefix) return {};
    // Behind the old prefix an IP header begins; in the new one a type stands there, 1 in two bytes.
    const auto first = static_cast<unsigned char>(data[kOldPrefix]);
    const bool old = first >> 4 == 4 || first >> 4 == 6;
    if (!old && first != 0) return wrong(NetscalerFault::protocol);
    if (!old && data.size() < kNewPrefix) return {};
    const std::size_t prefix = old ? kOldPrefix : kNewPrefix;
    const std::size_t length = old ? number(data, 4, 4) : number(data, 10, 2);
    if (length > kLongestProxyHeader - kNewPrefix) return wrong(NetscalerFault::protocol);
    if (data.size() < prefix + length) return {};
    if (!read_packet(data.substr(prefix, length), out)) return wrong(NetscalerFault::protocol);
    return {ProxyStatus::done, NetscalerFault::none, prefix + length};
}

}  // namespace proxyd::net
