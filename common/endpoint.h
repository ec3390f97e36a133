// A socket address of any family the daemons use, with its text forms.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "common/error.h"

namespace common {

// IPv4, IPv6 or Unix address, by value, as the socket calls want it. Empty when size() == 0.
class Endpoint {
 public:
    Endpoint() = default;
    Endpoint(const sockaddr* address, socklen_t size);

    // "192.0.2.1", "2001:db8::1", "[2001:db8::1]" with a port in host order. No names are resolved here.
    static Result<Endpoint> from_ip(std::string_view ip, std::uint16_t port);
    static Result<Endpoint> from_unix(std::string_view path);  // leading '@': abstract namespace
    static Endpoint any_v4(std::uint16_t port);
    static Endpoint any_v6(std::uint16_t port);

    int family() const { return storage_.any.sa_family; }
    bool is_ip() const { return family() == AF_INET || family() == AF_INET6; }
    bool empty() const { return size_ == 0; }
    std::uint16_t port() const;  // host order; 0 for Unix
    void set_port(std::uint16_t port);
    std::string ip() const;         // "192.0.2.1", "2001:db8::1", or the Unix path
    std::string to_string() const;  // "192.0.2.1:80", "[2001:db8::1]:80", or the Unix path

    const sockaddr* data() const { return &storage_.any; }
    sockaddr* data() { return &storage_.any; }
    socklen_t size() const { return size_; }
    static constexpr socklen_t capacity() { return sizeof(Storage); }
    void resize(socklen_t size) { size_ = size; }  // after accept(), getsockname()
    const sockaddr_in& v4() const { return storage_.v4; }
    const sockaddr_in6& v6() const { return storage_.v6; }

    bool operator==(const Endpoint& other) const;

 private:
    union Storage {
        sockaddr any;
        sockaddr_in v4;
        sockaddr_in6 v6;
        sockaddr_un local;
    };
    Storage storage_{};
    socklen_t size_ = 0;
};

}  // namespace common
