// The hot path allocates nothing: operator new is replaced in this program and counts what the worker's
// thread asks for.
#include <catch2/catch.hpp>

#include "site.h"
#include "test/support/counted_new.h"

namespace {

constexpr std::string_view kRequest =
    "GET /index.html HTTP/1.1\r\nHost: example.org\r\nUser-Agent: test\r\nAccept: */*\r\n\r\n";

void answer_all(test::Peer& peer) {
    const std::string answer =
        "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\nServer: fake\r\n\r\n" + std::string(1000, 'x');
    while (!peer.receive_head().empty()) peer.send(answer);
}

std::size_t allocations_of(test::Site& site) {
    std::size_t count = 0;
    site.on_worker([&] { count = test::allocations; });
    return count;
}

void exchange(test::Peer& client, int count) {
    for (int i = 0; i < count; ++i) {
        client.send(kRequest);
        REQUIRE(client.receive_head().starts_with("HTTP/1.1 200 OK\r\n"));
        REQUIRE(client.receive(1000).size() == 1000);
    }
}

}  // namespace

TEST_CASE("ten thousand keep-alive requests without one allocation") {
    test::FakeServer server(answer_all);
    test::Site site(server.port(), [](auto& proxy) {
        proxy.timeouts.client = proxy.timeouts.server = std::chrono::seconds(30);
        proxy.forwardfor.enabled = proxy.tells_addresses = true;
    });
    test::Peer client = test::Peer::connect(site.port());
    exchange(client, 100);  // warm: buffers, arena, frames
    const std::size_t before = allocations_of(site);
    CHECK(before > 0);  // counting works
    exchange(client, 10'000);
    CHECK(allocations_of(site) - before == 0);
    CHECK(server.accepted() == 1);
    client.finish();
    CHECK(client.ended());
}

TEST_CASE("the same with many clients at once") {
    test::FakeServer server(answer_all);
    test::Site site(server.port());
    std::vector<test::Peer> clients;
    for (int i = 0; i < 64; ++i) clients.push_back(test::Peer::connect(site.port()));
    const auto round = [&] {
        for (auto& client : clients) client.send(kRequest);
        for (auto& client : clients) {
            REQUIRE(client.receive_head().starts_with("HTTP/1.1 200 OK\r\n"));
            REQUIRE(client.receive(1000).size() == 1000);
        }
    };
    // How many exchanges run at once differs from round to round, and each new maximum takes memory once: the
    // steady state is reached when fifty rounds in a row take none.
    std::size_t taken = 1;
    for (int window = 0; window < 20 && taken != 0; ++window) {
        const std::size_t before = allocations_of(site);
        for (int i = 0; i < 50; ++i) round();
        taken = allocations_of(site) - before;
    }
    CHECK(taken == 0);
    for (auto& client : clients) client.close();
}
