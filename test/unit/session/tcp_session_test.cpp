// TCP mode over real sockets: what a client and a server see of each other.
#include <catch2/catch.hpp>

#include "site.h"

using test::FakeServer;
using test::Peer;
using test::Site;

TEST_CASE("TCP mode: bytes both ways, half closed connections go on") {
    FakeServer server([](Peer& peer) { peer.send("got " + peer.receive_all()); });
    Site site(server.port(), [](auto& proxy) { proxy.http_mode = proxy.upstream.http_mode = false; });
    Peer client = Peer::connect(site.port());
    client.send("anything\x01\x02");
    client.finish();
    CHECK(client.receive_all() == "got anything\x01\x02");
    CHECK(Site::eventually([&] { return site.state().servers[0]->sessions.now() == 0; }));
}

TEST_CASE("TCP mode: much more than a buffer both ways; a reset is passed on as an end") {
    const std::string much(3'000'000, 'm');
    FakeServer server([&](Peer& peer) {
        const std::string got = peer.receive(much.size());
        peer.send(got);
        peer.receive_all();
    });
    Site site(server.port(), [](auto& proxy) { proxy.http_mode = proxy.upstream.http_mode = false; });
    Peer client = Peer::connect(site.port());
    std::thread sender([&] { client.send(much); });  // while we read
    const std::string back = client.receive(much.size());
    CHECK(back.size() == much.size());
    CHECK((back == much));
    sender.join();
    client.reset();
    CHECK(Site::eventually([&] { return site.state().servers[0]->sessions.now() == 0; }));
}
