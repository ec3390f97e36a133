#include "proxyd/net/socket_options.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <catch2/catch.hpp>

#include "common/unique_fd.h"

using namespace proxyd::net;
using common::Endpoint;
using common::UniqueFd;

namespace {

UniqueFd tcp(int family = AF_INET) {
    return UniqueFd(::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
}

int option(const UniqueFd& fd, int level, int name) {
    int value = 0;
    socklen_t size = sizeof value;
    ::getsockopt(fd.get(), level, name, &value, &size);
    return value;
}

std::string congestion(const UniqueFd& fd) {
    char name[16] = {};
    socklen_t size = sizeof name;
    ::getsockopt(fd.get(), IPPROTO_TCP, TCP_CONGESTION, name, &size);
    return name;
}

UniqueFd listening(const SocketOptions& options, Endpoint& address) {
    UniqueFd fd = tcp();
    CHECK(set_options(fd.get(), options));
    address = *Endpoint::from_ip("127.0.0.1", 0);
    REQUIRE(::bind(fd.get(), address.data(), address.size()) == 0);
    REQUIRE(::listen(fd.get(), 8) == 0);
    socklen_t size = Endpoint::capacity();
    ::getsockname(fd.get(), address.data(), &size);
    return fd;
}

// Of a connection to a listening socket; invalid when it did not come about.
UniqueFd accepted(const UniqueFd& listener, const Endpoint& address, const SocketOptions& options = {}) {
    UniqueFd client = tcp();
    CHECK(set_options(client.get(), options, address));
    ::connect(client.get(), address.data(), address.size());
    return UniqueFd(::accept4(listener.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
}

}  // namespace

TEST_CASE("Connections inherit what a listening socket has") {
    SocketOptions options;
    options.user_timeout = std::chrono::milliseconds(1500);
    options.max_segment = 700;
    options.congestion = "reno";
    options.send_buffer = 20000;
    options.receive_buffer = 30000;
    Endpoint address;
    const UniqueFd listener = listening(options, address);
    const UniqueFd connection = accepted(listener, address);
    REQUIRE(connection);
    CHECK(option(connection, IPPROTO_TCP, TCP_USER_TIMEOUT) == 1500);
    CHECK(option(connection, IPPROTO_TCP, TCP_MAXSEG) <= 700);
    CHECK(congestion(connection) == "reno");
    CHECK(option(connection, SOL_SOCKET, SO_SNDBUF) == 40000);
    CHECK(option(connection, SOL_SOCKET, SO_RCVBUF) == 60000);
}

TEST_CASE("A socket that was taken over forgets what is not asked for any more") {
    SocketOptions options;
    options.user_timeout = std::chrono::seconds(2);
    options.max_segment = 700;
    options.congestion = "reno";
    const UniqueFd plain = tcp();
    const UniqueFd taken = tcp();
    REQUIRE(set_options(taken.get(), options));
    REQUIRE(replace_options(taken.get(), {}));
    CHECK(option(taken, IPPROTO_TCP, TCP_USER_TIMEOUT) == 0);
    CHECK(option(taken, IPPROTO_TCP, TCP_MAXSEG) == option(plain, IPPROTO_TCP, TCP_MAXSEG));
    CHECK(congestion(taken) == congestion(plain));
}

TEST_CASE("What cannot be had is said") {
    SocketOptions options;
    options.congestion = "no-such-one";
    const UniqueFd fd = tcp();
    const auto set = set_options(fd.get(), options);
    REQUIRE(!set);
    CHECK(set.error().text.starts_with("cannot use the congestion control 'no-such-one': "));
    const UniqueFd local(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    CHECK(set_options(local.get(), options));  // no TCP, no matter
}

TEST_CASE("Segments are signed on both sides or there is no connection") {
    SocketOptions options, other;
    options.md5_password = "secret";
    other.md5_password = "wrong";
    const UniqueFd fd = tcp();
    if (!set_options(fd.get(), options)) {
        WARN("this kernel lacks TCP_MD5SIG");
        return;
    }
    Endpoint address;
    const UniqueFd listener = listening(options, address);
    CHECK(accepted(listener, address, options));
    CHECK_FALSE(accepted(listener, address));
    CHECK_FALSE(accepted(listener, address, other));
}
