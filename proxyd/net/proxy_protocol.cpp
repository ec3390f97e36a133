#include "proxyd/net/proxy_protocol.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <cstdint>

#include "common/text.h"

namespace proxyd::net {
namespace {

constexpr std::size_t kFixed = 16;      // version 2: signature, version and command, family, length
constexpr std::size_t kLongest1 = 107;  // version 1, with CRLF
constexpr ProxyResult kError{ProxyStatus::error, 0};

constexpr std::size_t kLongestUniqueId = 128;

unsigned byte(std::string_view data, std::size_t at) {
    return static_cast<unsigned char>(data[at]);
}
unsigned short_at(std::string_view data, std::size_t at) {
    return byte(data, at) << 8 | byte(data, at + 1);
}

bool read_endpoint(std::string_view address, std::string_view port, int family, common::Endpoint& out) {
    const auto number = common::parse_number(port, 0, 65535);
    if (!number) return false;
    const auto endpoint = common::Endpoint::from_ip(address, static_cast<std::uint16_t>(*number));
    if (!endpoint || endpoint->family() != family) return false;
    out = *endpoint;
    return true;
}

// "PROXY TCP4 192.0.2.1 198.51.100.2 1234 80\r\n"
ProxyResult parse_line(std::string_view data, ProxyHeader& out) {
    const auto end = data.find('\n');
    if (end == std::string_view::npos) return data.size() >= kLongest1 ? kError : ProxyResult{};
    if (end + 1 > kLongest1 || end == 0 || data[end - 1] != '\r') return kError;
    const ProxyResult done{ProxyStatus::done, end + 1};
    const auto words = common::split(data.substr(0, end - 1), ' ');
    if (words.size() >= 2 && words[1] == "UNKNOWN") {
        out.local = true;
        return done;
    }
    if (words.size() != 6 || (words[1] != "TCP4" && words[1] != "TCP6")) return kError;
    const int family = words[1] == "TCP4" ? AF_INET : AF_INET6;
    const bool good = read_endpoint(words[2], words[4], family, out.source) &&
                      read_endpoint(words[3], words[5], family, out.destination);
    return good ? done : kError;
}

common::Endpoint binary_endpoint(std::string_view address, unsigned port) {
    std::array<char, INET6_ADDRSTRLEN> text{};
    ::inet_ntop(address.size() == 4 ? AF_INET : AF_INET6, address.data(), text.data(), text.size());
    const auto endpoint = common::Endpoint::from_ip(text.data(), static_cast<std::uint16_t>(port));
    return endpoint ? *endpoint : common::Endpoint();
}

// Addresses of `size` bytes each, then the ports.
bool read_addresses(std::string_view& body, std::size_t size, ProxyHeader& out) {
    if (body.size() < 2 * size + 4) return false;
    out.source = binary_endpoint(body.substr(0, size), short_at(body, 2 * size));
    out.destination = binary_endpoint(body.substr(size, size), short_at(body, 2 * size + 2));
    body.remove_prefix(2 * size + 4);
    return true;
}

// Type, length in two bytes, value.
bool read_vectors(std::string_view body, ProxyHeader& out) {
    while (!body.empty()) {
        if (body.size() < 3 || body.size() - 3 < short_at(body, 1)) return false;
        const std::string_view value = body.substr(3, short_at(body, 1));
        const auto type = static_cast<ProxyVector>(body[0]);
        if (type == ProxyVector::authority) out.authority = value;
        if (type == ProxyVector::unique_id) {
            if (value.size() > kLongestUniqueId) return false;
            out.unique_id = value;
        }
        body.remove_prefix(3 + value.size());
    }
    return true;
}

ProxyResult parse_binary(std::string_view data, ProxyHeader& out) {
    if (data.size() < kFixed) return {};
    const std::size_t size = kFixed + short_at(data, 14);
    const unsigned version = byte(data, 12) >> 4, command = byte(data, 12) & 15;
    if (version != 2 || command > 1 || size > kLongestProxyHeader) return kError;
    if (data.size() < size) return {};
    const ProxyResult done{ProxyStatus::done, size};
    std::string_view body = data.substr(kFixed, size - kFixed);
    const auto family = static_cast<ProxyFamily>(data[13]);
    const bool v4 = family == ProxyFamily::tcp4 || family == ProxyFamily::udp4;
    const bool v6 = family == ProxyFamily::tcp6 || family == ProxyFamily::udp6;
    out.local = command == 0 || (!v4 && !v6);
    if (out.local) return done;  // what follows is not ours to understand
    return read_addresses(body, v4 ? 4 : 16, out) && read_vectors(body, out) ? done : kError;
}

}  // namespace

ProxyResult parse_proxy_header(std::string_view data, ProxyHeader& out) {
    constexpr std::string_view kLine = "PROXY ";
    out = {};
    if (kProxySignature.substr(0, data.size()) == data.substr(0, kProxySignature.size()))
        return parse_binary(data, out);
    if (kLine.substr(0, data.size()) == data.substr(0, kLine.size())) return parse_line(data, out);
    return kError;
}

}  // namespace proxyd::net
