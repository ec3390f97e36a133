#include "proxyd/config/address.h"

#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>

#include "common/text.h"

namespace proxyd::config {
namespace {

using common::Endpoint;
using common::fail;
using common::Result;
using common::Side;

enum class Family : unsigned char { any, v4, v6, local, abstract, abstract_short, descriptor, foreign };

struct Prefix {
    std::string_view name;
    Family family;
    bool datagram = false;
    bool quic = false;
};

constexpr std::array kPrefixes{
    Prefix{"ip", Family::any},
    Prefix{"ipv4", Family::v4},
    Prefix{"ipv6", Family::v6},
    Prefix{"tcp", Family::any},
    Prefix{"tcp4", Family::v4},
    Prefix{"tcp6", Family::v6},
    Prefix{"udp", Family::any, true},
    Prefix{"udp4", Family::v4, true},
    Prefix{"udp6", Family::v6, true},
    Prefix{"quic4", Family::v4, true, true},
    Prefix{"quic6", Family::v6, true, true},
    Prefix{"uxdg", Family::local, true},
    Prefix{"uxst", Family::local},
    Prefix{"unix", Family::local},
    Prefix{"abns", Family::abstract},
    Prefix{"abnsz", Family::abstract_short},
    Prefix{"fd", Family::descriptor},
    Prefix{"sockpair", Family::foreign},
    Prefix{"mptcp", Family::any},
    Prefix{"mptcp4", Family::v4},
    Prefix{"mptcp6", Family::v6},
    Prefix{"rhttp", Family::foreign},
    Prefix{"ring", Family::foreign},
};

struct Parts {
    Family family = Family::any;
    std::string_view prefix;  // as written, without '@'
    bool quic = false;
    bool datagram = false, stream = false;
    std::string_view rest;
};

// Takes "stream+ipv4@" and the like off the front.
Result<Parts> split_prefix(std::string_view text) {
    Parts out;
    out.rest = text;
    for (const std::string_view transport : {"stream+", "dgram+"}) {
        if (!out.rest.starts_with(transport)) continue;
        out.rest.remove_prefix(transport.size());
        (transport == "dgram+" ? out.datagram : out.stream) = true;
    }
    const auto at = out.rest.find('@');
    if (out.rest.starts_with('/')) {
        out.family = Family::local;
    } else if (at != std::string_view::npos) {
        out.prefix = out.rest.substr(0, at);
        const auto* row = std::ranges::find(kPrefixes, out.prefix, &Prefix::name);
        if (row == kPrefixes.end())
            return fail(
                "unknown address family '" + std::string(out.prefix) + "@' in '" + std::string(text) + "'",
                Side::config);
        out.family = row->family;
        out.quic = row->quic;
        out.datagram |= row->datagram;
        out.stream |= out.prefix.starts_with("tcp") || out.prefix.starts_with("mptcp");
        out.rest.remove_prefix(at + 1);
    }
    return out;
}

struct HostPort {
    std::string_view host, port;
    bool has_port = false;
};

// At the last colon, unless it lies inside brackets.
HostPort split_port(std::string_view text) {
    const auto at = text.find_last_of(":]");
    if (at == std::string_view::npos || text[at] == ']') return {text, {}, false};
    return {text.substr(0, at), text.substr(at + 1), true};
}

std::string_view without_brackets(std::string_view host) {
    if (host.size() >= 2 && host.front() == '[' && host.back() == ']') return host.substr(1, host.size() - 2);
    return host;
}

Result<int> parse_port(std::string_view text, std::string_view whole, int low) {
    const auto port = common::parse_number(text, low, 65535);
    if (!port)
        return fail("invalid port '" + std::string(text) + "' in address '" + std::string(whole) + "' (" +
                        std::to_string(low) + " to 65535)",
                    Side::config);
    return static_cast<int>(*port);
}

int native_family(Family family) {
    return family == Family::v4 ? AF_INET : family == Family::v6 ? AF_INET6 : AF_UNSPEC;
}

// A literal address of the wanted family; empty when the text is none.
Endpoint literal(std::string_view host, Family family) {
    const auto endpoint = Endpoint::from_ip(host, 0);
    if (!endpoint || (family != Family::any && endpoint->family() != native_family(family))) return {};
    return *endpoint;
}

Result<Endpoint> resolve(std::string_view host, Family family) {
    if (Endpoint endpoint = literal(host, family); !endpoint.empty()) return endpoint;
    addrinfo hints{};
    hints.ai_family = native_family(family);
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    const std::string name(host);
    const int code = ::getaddrinfo(name.c_str(), nullptr, &hints, &found);
    if (code != 0)
        return fail("'" + name + "' is neither an address nor a name that can be resolved (" +
                        ::gai_strerror(code) + ")",
                    Side::config);
    const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner(found, &::freeaddrinfo);
    return Endpoint(found->ai_addr, found->ai_addrlen);
}

Result<Endpoint> any_or_resolved(std::string_view host, Family family) {
    if (host.empty() || host == "*") return family == Family::v6 ? Endpoint::any_v6(0) : Endpoint::any_v4(0);
    return resolve(without_brackets(host), family);
}

// HAProxy's abns@ fills the whole of sun_path with zeros; abnsz@ ends with the name.
Result<Endpoint> abstract_socket(std::string_view name, bool padded) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (name.empty() || name.size() >= sizeof address.sun_path)
        return fail("an abstract socket name has 1 to 107 bytes, not '" + std::string(name) + "'",
                    Side::config);
    std::ranges::copy(name, address.sun_path + 1);
    const std::size_t size = padded ? sizeof address : offsetof(sockaddr_un, sun_path) + 1 + name.size();
    return Endpoint(reinterpret_cast<const sockaddr*>(&address), static_cast<socklen_t>(size));
}

Result<Endpoint> local_socket(const Parts& parts, std::string_view unix_prefix) {
    if (parts.family != Family::local) return abstract_socket(parts.rest, parts.family == Family::abstract);
    return Endpoint::from_unix(std::string(unix_prefix) + std::string(parts.rest));
}

bool is_local(Family family) {
    return family == Family::local || family == Family::abstract || family == Family::abstract_short;
}

std::unexpected<common::Error> unsupported(std::string_view text) {
    return fail("address '" + std::string(text) + "': this family is not supported", Side::config);
}

Result<void> add_listen_address(std::string_view text, std::string_view unix_prefix,
                                std::vector<ListenAddress>& out) {
    const auto parts = split_prefix(text);
    if (!parts) return std::unexpected(parts.error());
    ListenAddress one;
    one.text = text;
    one.quic = parts->quic;
    if (parts->family == Family::foreign || (parts->datagram && !parts->quic)) return unsupported(text);
    if (parts->family == Family::descriptor) {
        const auto fd = common::parse_number(parts->rest, 0, 1 << 20);
        if (!fd)
            return fail(
                "'fd@' expects the number of an inherited socket, not '" + std::string(parts->rest) + "'",
                Side::config);
        one.inherited_fd = static_cast<int>(*fd);
        out.push_back(std::move(one));
        return {};
    }
    if (is_local(parts->family)) {
        const auto address = local_socket(*parts, unix_prefix);
        if (!address) return std::unexpected(address.error());
        one.address = *address;
        out.push_back(std::move(one));
        return {};
    }
    const HostPort split = split_port(parts->rest);
    if (!split.has_port || split.port.empty())
        return fail("missing port number in address '" + std::string(text) + "'", Side::config);
    const auto dash = split.port.find('-');
    const auto first = parse_port(split.port.substr(0, dash), text, 1);
    if (!first) return std::unexpected(first.error());
    const auto last =
        dash == std::string_view::npos ? first : parse_port(split.port.substr(dash + 1), text, 1);
    if (!last) return std::unexpected(last.error());
    if (*last < *first)
        return fail("the port range in '" + std::string(text) + "' runs backwards", Side::config);
    auto address = any_or_resolved(split.host, parts->family);
    if (!address) return std::unexpected(address.error());
    for (int port = *first; port <= *last; ++port) {
        one.address = *address;
        one.address.set_port(static_cast<std::uint16_t>(port));
        if (dash != std::string_view::npos) one.text = std::string(split.host) + ":" + std::to_string(port);
        out.push_back(one);
    }
    return {};
}

// "80", "+100", "-100" after the colon of a server address.
Result<void> read_server_port(std::string_view port, std::string_view text, ServerAddress& out) {
    if (port.starts_with('+') || port.starts_with('-')) {
        const auto offset = common::parse_number(port.substr(1), 0, 65535);
        if (!offset) return fail("invalid port offset in address '" + std::string(text) + "'", Side::config);
        out.keep_client_port = true;
        out.port_offset = static_cast<int>(port.front() == '-' ? -*offset : *offset);
        return {};
    }
    const auto number = parse_port(port, text, 0);
    if (!number) return std::unexpected(number.error());
    out.port = *number;
    out.keep_client_port = *number == 0;
    return {};
}

}  // namespace

std::string expand_address(std::string_view text, const Variables& variables) {
    std::string out;
    while (!text.empty()) {
        const auto dollar = text.find('$');
        out += text.substr(0, dollar);
        if (dollar == std::string_view::npos) break;
        text.remove_prefix(dollar + 1);
        const bool brace = text.starts_with('{');
        if (brace) text.remove_prefix(1);
        const auto is_name = [](char c) {
            return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
        };
        const auto end = static_cast<std::size_t>(std::ranges::find_if_not(text, is_name) - text.begin());
        out += variables(text.substr(0, end)).value_or("");
        text.remove_prefix(end);
        if (brace && text.starts_with('}')) text.remove_prefix(1);
    }
    return out;
}

Result<std::vector<ListenAddress>> parse_listen_addresses(std::string_view text,
                                                          std::string_view unix_prefix) {
    std::vector<ListenAddress> out;
    for (const std::string_view element : common::split(text, ',')) {
        if (element.empty()) return fail("an empty address in '" + std::string(text) + "'", Side::config);
        if (const auto added = add_listen_address(element, unix_prefix, out); !added)
            return std::unexpected(added.error());
    }
    return out;
}

Result<ServerAddress> parse_server_address(std::string_view text) {
    const auto parts = split_prefix(text);
    if (!parts) return std::unexpected(parts.error());
    ServerAddress out;
    out.host = parts->rest;
    if (is_local(parts->family)) {
        const auto address = local_socket(*parts, {});
        if (!address) return std::unexpected(address.error());
        out.address = *address;
        return out;
    }
    if (parts->family == Family::descriptor || parts->family == Family::foreign || parts->datagram)
        return unsupported(text);
    const HostPort split = split_port(parts->rest);
    const std::string_view host = without_brackets(split.host);
    out.host = host;
    out.keep_client_port = !split.has_port;
    if (split.has_port && split.port.empty())
        return fail("'" + std::string(text) + "' has a colon but no port", Side::config);
    if (split.has_port)
        if (const auto read = read_server_port(split.port, text, out); !read)
            return std::unexpected(read.error());
    if (host.empty() && !split.has_port) return fail("an empty server address", Side::config);
    out.client_destination = host.empty() || host == "*" || host == "0.0.0.0" || host == "::";
    out.address = host.empty() || host == "*" ? Endpoint::any_v4(0) : literal(host, parts->family);
    if (!out.address.empty()) out.address.set_port(static_cast<std::uint16_t>(out.port));
    if (out.address.empty() && host.find_first_of("/ \t") != std::string_view::npos)
        return fail("'" + std::string(text) + "' is not an address", Side::config);
    return out;
}

Result<PeerAddress> parse_peer_address(std::string_view text, int default_port) {
    const auto parts = split_prefix(text);
    if (!parts) return std::unexpected(parts.error());
    PeerAddress out;
    out.datagram = !parts->stream;
    if (parts->family == Family::foreign || parts->quic) return unsupported(text);
    if (parts->family == Family::descriptor) {
        const auto fd = common::parse_number(parts->rest, 0, 1 << 20);
        if (!fd) return fail("'fd@' expects a number, not '" + std::string(parts->rest) + "'", Side::config);
        out.fd = static_cast<int>(*fd);
        return out;
    }
    if (is_local(parts->family)) {
        const auto address = local_socket(*parts, {});
        if (!address) return std::unexpected(address.error());
        out.address = *address;
        return out;
    }
    HostPort split = split_port(parts->rest);
    if (!literal(without_brackets(parts->rest), parts->family).empty()) split = {parts->rest, {}, false};
    int port = default_port;
    if (split.has_port && !split.port.empty()) {
        const auto dash = split.port.find('-');  // a range of source ports: the system chooses
        if (dash != std::string_view::npos) {
            const auto last = parse_port(split.port.substr(dash + 1), text, 0);
            if (!last) return std::unexpected(last.error());
        }
        const auto number = dash == std::string_view::npos ? parse_port(split.port, text, 0) : Result<int>(0);
        if (!number) return std::unexpected(number.error());
        port = *number;
    }
    const auto address = any_or_resolved(split.host, parts->family);
    if (!address) return std::unexpected(address.error());
    out.address = *address;
    out.address.set_port(static_cast<std::uint16_t>(port));
    return out;
}

}  // namespace proxyd::config
