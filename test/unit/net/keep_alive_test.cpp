#include "proxyd/net/keep_alive.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <catch2/catch.hpp>

#include "common/unique_fd.h"

using proxyd::net::set_keep_alive;
using proxyd::net::TcpKeepAlive;

namespace {

int option(int fd, int level, int name) {
    int value = -1;
    socklen_t size = sizeof value;
    REQUIRE(getsockopt(fd, level, name, &value, &size) == 0);
    return value;
}

}  // namespace

TEST_CASE("connections inherit the keep-alive of their listening socket", "[net]") {
    const common::UniqueFd listener(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    REQUIRE(bind(listener.get(), reinterpret_cast<sockaddr*>(&address), size) == 0);
    REQUIRE(getsockname(listener.get(), reinterpret_cast<sockaddr*>(&address), &size) == 0);
    REQUIRE(listen(listener.get(), 1) == 0);
    set_keep_alive(listener.get(), {true, 5, std::chrono::seconds(90), std::chrono::milliseconds(2900)});

    const common::UniqueFd client(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    REQUIRE(connect(client.get(), reinterpret_cast<sockaddr*>(&address), size) == 0);
    const common::UniqueFd accepted(accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
    CHECK(option(accepted.get(), SOL_SOCKET, SO_KEEPALIVE) == 1);
    CHECK(option(accepted.get(), IPPROTO_TCP, TCP_KEEPCNT) == 5);
    CHECK(option(accepted.get(), IPPROTO_TCP, TCP_KEEPIDLE) == 90);
    CHECK(option(accepted.get(), IPPROTO_TCP, TCP_KEEPINTVL) == 2);

    set_keep_alive(listener.get(), {});
    CHECK(option(listener.get(), SOL_SOCKET, SO_KEEPALIVE) == 0);
}
