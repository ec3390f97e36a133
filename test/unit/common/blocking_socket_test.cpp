#include "common/blocking_socket.h"

#include <sys/socket.h>

#include <catch2/catch.hpp>
#include <vector>

#include "common/endpoint.h"
#include "test/support/temporary_folder.h"

using namespace common;
using namespace std::chrono_literals;

TEST_CASE("a blocking conversation with a process that hangs ends") {
    test::TemporaryFolder folder;
    const std::string path = folder / "socket";
    CHECK(connect_unix(path, 20ms).error().code == ENOENT);
    const UniqueFd listener(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const auto endpoint = Endpoint::from_unix(path);
    REQUIRE(::bind(listener.get(), endpoint->data(), endpoint->size()) == 0);
    REQUIRE(::listen(listener.get(), 0) == 0);

    const auto first = connect_unix(path, 20ms);
    REQUIRE(first);
    char byte;
    CHECK(::recv(first->get(), &byte, 1, 0) < 0);
    CHECK(errno == EAGAIN);

    const auto second = connect_unix(path, 20ms);  // the queue is full
    REQUIRE_FALSE(second);
    CHECK(second.error().code == EAGAIN);
    CHECK(second.error().text.starts_with("cannot reach " + path));
}
