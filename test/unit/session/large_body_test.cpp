// Large bodies: every byte arrives, in order, whoever is slow, and no large buffer is held by who does not
// need it.
#include <catch2/catch.hpp>

#include <thread>

#include "site.h"

using namespace std::chrono_literals;
using test::FakeServer;
using test::Peer;
using test::Site;

namespace {

// Bytes that differ everywhere, so that a piece lost, doubled or moved is seen.
std::string pattern(std::size_t size, unsigned seed = 1) {
    std::string bytes(size, '\0');
    std::uint64_t state = seed;
    for (char& byte : bytes) {
        state = state * 6364136223846793005U + 1442695040888963407U;
        byte = static_cast<char>('a' + (state >> 33) % 26);
    }
    return bytes;
}

std::string response(std::string_view body) {
    return "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
           std::string(body);
}

std::string request(std::string_view body) {
    return "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
           std::string(body);
}

constexpr std::string_view kGet = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";

std::size_t length_of(const std::string& head) {
    const auto place = head.find("ontent-Length: ");
    return place == std::string::npos ? 0 : std::stoul(head.substr(place + 15));
}

// Answers every request with its own body.
void echo(Peer& peer) {
    for (std::string head; !(head = peer.receive_head()).empty();)
        peer.send(response(peer.receive(length_of(head))));
}

bool no_buffer_held(Site& site) {
    return Site::eventually([&] {
        std::size_t held = 1;
        site.on_worker(
            [&] { held = site.worker().buffers().in_use() + site.worker().bulk_buffers().in_use(); });
        return held == 0;
    });
}

}  // namespace

TEST_CASE("bodies of all sizes around the buffers' go there and back on one connection") {
    FakeServer server(echo);
    Site site(server.port());
    Peer client = Peer::connect(site.port());
    for (const std::size_t middle : {4096UL, 16384UL, 20480UL, 131072UL, 147456UL, 262144UL, 1UL << 20}) {
        for (const std::size_t size : {middle - 60, middle - 1, middle, middle + 1, middle + 60}) {
            const std::string body = pattern(size);
            std::thread sender([&] { client.send(request(body)); });
            const std::string head = client.receive_head();
            CHECK(length_of(head) == size);
            CHECK((client.receive(size) == body));
            sender.join();
        }
    }
    CHECK(server.accepted() == 1);
    client.close();
    CHECK(no_buffer_held(site));
}

TEST_CASE("requests that follow a large body in the same write") {
    FakeServer server(echo);
    Site site(server.port());
    Peer client = Peer::connect(site.port());
    const std::string first = pattern(300'000, 1), second = pattern(77, 2), third = pattern(50'000, 3);
    std::thread sender([&] { client.send(request(first) + request(second) + request(third)); });
    for (const std::string* body : {&first, &second, &third}) {
        client.receive_head();
        CHECK((client.receive(body->size()) == *body));
    }
    sender.join();
    CHECK(server.accepted() == 1);
}

TEST_CASE("a server that stutters, a client that stutters") {
    const std::string body = pattern(700'000);
    FakeServer server([&](Peer& peer) {
        while (!peer.receive_head().empty()) {
            const std::string all = response(body);
            // Pieces of less and of more than a buffer, each waiting for what the proxy makes of it.
            std::size_t at = 0;
            for (std::size_t size = 1; at < all.size(); size = size * 3 % 100'003) {
                peer.send(std::string_view(all).substr(at, size));
                at += size;
                std::this_thread::sleep_for(1ms);
            }
        }
    });
    Site site(server.port());
    Peer client = Peer::connect(site.port());
    for (int i = 0; i < 2; ++i) {
        client.send(kGet);
        CHECK(length_of(client.receive_head()) == body.size());
        for (std::size_t at = 0; at < body.size(); at += 10'000) {
            CHECK((client.receive(10'000) == body.substr(at, 10'000)));
            if (at % 50'000 == 0) std::this_thread::sleep_for(1ms);
        }
    }
    CHECK(server.accepted() == 1);
    client.close();
    CHECK(no_buffer_held(site));
}

TEST_CASE("more slow readers than there are large buffers") {
    const std::string body = pattern(4'000'000);
    FakeServer server([&](Peer& peer) {
        while (!peer.receive_head().empty()) peer.send(response(body));
    });
    Site site(server.port());
    std::vector<Peer> clients;
    for (int i = 0; i < 70; ++i) clients.push_back(Peer::connect(site.port()));
    for (Peer& client : clients) client.send(kGet);
    // Soon all are stuck in the middle; a slow machine may need longer than is worth waiting for.
    Site::eventually([&] {
        std::size_t held = 0;
        site.on_worker([&] { held = site.worker().bulk_buffers().in_use(); });
        CHECK(held <= 64);
        return held == 64;
    });
    for (Peer& client : clients) {
        client.receive_head();
        CHECK((client.receive(body.size()) == body));
        client.close();
    }
    CHECK(no_buffer_held(site));
}

TEST_CASE(
    "a server that dies within a large body: the client sees the cut, nobody uses the connection again") {
    const std::string body = pattern(400'000);
    FakeServer server([&](Peer& peer) {
        peer.receive_head();
        peer.send("HTTP/1.1 200 OK\r\nContent-Length: 500000\r\n\r\n" + body);
    });
    Site site(server.port());
    for (int i = 0; i < 2; ++i) {
        Peer client = Peer::connect(site.port());
        client.send(kGet);
        client.receive_head();
        CHECK((client.receive_all() == body));
    }
    CHECK(server.accepted() == 2);
    CHECK(no_buffer_held(site));
}

TEST_CASE("a client that resets within a large body frees everything") {
    FakeServer server([](Peer& peer) {
        peer.receive_head();
        peer.send(response(pattern(20'000'000)));
    });
    Site site(server.port());
    Peer client = Peer::connect(site.port());
    client.send(kGet);
    client.receive(1'000'000);
    client.reset();
    CHECK(Site::eventually([&] { return site.state().servers[0]->sessions.now() == 0; }));
    CHECK(no_buffer_held(site));
}

TEST_CASE("a client that resets within a large upload: the server does not take it for the whole") {
    std::atomic<std::size_t> got = 0;
    std::atomic<bool> ended = false;
    FakeServer server([&](Peer& peer) {
        peer.receive_head();
        got = peer.receive_all().size();
        ended = true;
    });
    Site site(server.port());
    Peer client = Peer::connect(site.port());
    client.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 900000\r\n\r\n" + pattern(500'000));
    CHECK(Site::eventually([&] { return site.state().servers[0]->sessions.now() == 1; }));
    client.reset();
    CHECK(Site::eventually([&] { return ended.load(); }));
    CHECK(got < 900'000);
    CHECK(no_buffer_held(site));
}

TEST_CASE("a server that sends more than it said: the rest is not passed on") {
    const std::string body = pattern(300'000);
    FakeServer server([&](Peer& peer) {
        peer.receive_head();
        peer.send(response(body) + "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nEVIL");
        peer.receive_all();
    });
    Site site(server.port());
    Peer client = Peer::connect(site.port());
    for (int i = 0; i < 2; ++i) {
        client.send(kGet);
        client.receive_head();
        CHECK((client.receive(body.size()) == body));
    }
    CHECK(server.accepted() == 2);
    client.finish();
    CHECK(client.receive_all().empty());
}

TEST_CASE("large chunks both ways, as raw bytes") {
    const std::string payload = pattern(250'000);
    FakeServer server([&](Peer& peer) {
        for (std::string head; !(head = peer.receive_head()).empty();) {
            const std::string body = peer.receive_until("\r\n0\r\n\r\n");
            peer.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + body);
        }
    });
    Site site(server.port());
    Peer client = Peer::connect(site.port());
    for (const std::size_t chunk : {1000UL, 16'380UL, 70'000UL, 250'000UL}) {
        std::string body;
        for (std::size_t at = 0; at < payload.size(); at += chunk) {
            const std::string piece = payload.substr(at, chunk);
            char size[20];
            std::snprintf(size, sizeof size, "%zx\r\n", piece.size());
            body += size + piece + "\r\n";
        }
        body += "0\r\n\r\n";
        std::thread sender(
            [&] { client.send("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n" + body); });
        client.receive_head();
        CHECK((client.receive_until("\r\n0\r\n\r\n") == body));
        sender.join();
    }
    CHECK(server.accepted() == 1);
}
