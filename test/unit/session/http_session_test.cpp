// Exchanges over real sockets: what a client and a server see of each other.
#include <catch2/catch.hpp>

#include <sys/socket.h>

#include <future>

#include "site.h"

using namespace std::chrono_literals;
using test::FakeServer;
using test::Peer;
using test::Site;

namespace {

std::string ok(std::string_view body) {
    return "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
           std::string(body);
}

std::string get(std::string_view path = "/") {
    return "GET " + std::string(path) + " HTTP/1.1\r\nHost: h\r\n\r\n";
}

// What one connection sent until its head was complete.
struct Recorder {
    std::promise<std::string> promise;
    std::future<std::string> future = promise.get_future();
};

}  // namespace

TEST_CASE("a request passes as it came, but for what is hop by hop") {
    Recorder seen;
    FakeServer server([&](Peer& peer) {
        seen.promise.set_value(peer.receive_head());
        peer.send(ok("hello"));
    });
    Site site(server.port(), [](auto& proxy) { proxy.forwardfor.enabled = proxy.tells_addresses = true; });
    Peer client = Peer::connect(site.port());
    client.send(
        "GET /a?b=c HTTP/1.1\r\nHost: example.org\r\nX-Odd-Case: 1\r\nConnection: x-gone, "
        "keep-alive\r\nx-gone: 1\r\n\r\n");
    CHECK(client.receive_head() == "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n");
    CHECK(client.receive(5) == "hello");
    CHECK(seen.future.get() ==
          "GET /a?b=c HTTP/1.1\r\nHost: example.org\r\nX-Odd-Case: 1\r\nX-Forwarded-For: 127.0.0.1\r\n\r\n");
}

TEST_CASE("pipelined requests are answered in order") {
    FakeServer server([](Peer& peer) {
        for (std::string head; !(head = peer.receive_head()).empty();) {
            peer.send(ok(head.substr(0, head.find(" HTTP"))));
        }
    });
    Site site(server.port());
    Peer client = Peer::connect(site.port());
    client.send(get("/1") + get("/2") + get("/3"));
    for (const char* path : {"GET /1", "GET /2", "GET /3"}) {
        client.receive_head();
        CHECK(client.receive(6) == path);
    }
    CHECK(server.accepted() == 1);
}

TEST_CASE("bodies of both framings and sizes reach the server whole") {
    FakeServer server([](Peer& peer) {
        for (std::string head; !(head = peer.receive_head()).empty();) {
            std::string body;
            if (head.find("chunked") != std::string::npos) {
                body = peer.receive_until("0\r\n\r\n");
            } else {
                const auto place = head.find("ontent-Length: ");
                body = peer.receive(std::stoul(head.substr(place + 15)));
            }
            peer.send(ok(std::to_string(body.size())));
        }
    });
    Site site(server.port());
    Peer client = Peer::connect(site.port());
    const auto answer = [&] {
        const std::string head = client.receive_head();
        return client.receive(std::stoul(head.substr(head.find("Length: ") + 8)));
    };
    for (const std::size_t size : {0UL, 1UL, 100UL, 15'000UL, 16'384UL, 100'000UL, 3'000'000UL}) {
        client.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: " + std::to_string(size) + "\r\n\r\n" +
                    std::string(size, 'b'));
        CHECK(answer() == std::to_string(size));
    }
    std::string chunks;
    for (int i = 0; i < 200; ++i) chunks += "400\r\n" + std::string(1024, 'c') + "\r\n";
    client.send("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks + "0\r\n\r\n");
    CHECK(answer() == std::to_string(chunks.size() + 5));
    CHECK(server.accepted() == 1);
}

TEST_CASE("a response body of unknown length to HTTP/1.1 and 1.0") {
    FakeServer server([](Peer& peer) {
        peer.receive_head();
        peer.send("HTTP/1.1 200 OK\r\n\r\nuntil the end");
    });
    Site site(server.port());
    Peer client = Peer::connect(site.port());
    client.send(get());
    CHECK(client.receive_head().find("connection: close\r\n") != std::string::npos);
    CHECK(client.receive_all() == "until the end");
}

TEST_CASE("chunks are taken apart for a client of HTTP/1.0") {
    FakeServer server([](Peer& peer) {
        peer.receive_head();
        peer.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n");
    });
    Site site(server.port());
    Peer client = Peer::connect(site.port());
    client.send("GET / HTTP/1.0\r\n\r\n");
    CHECK(client.receive_head().find("hunked") == std::string::npos);
    CHECK(client.receive_all() == "abcde");
}

TEST_CASE("HEAD, 204 and 304 have no body and keep the connection") {
    FakeServer server([](Peer& peer) {
        for (std::string head; !(head = peer.receive_head()).empty();) {
            if (head.starts_with("HEAD"))
                peer.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n");
            else if (head.find("/204") != std::string::npos)
                peer.send("HTTP/1.1 204 No Content\r\n\r\n");
            else
                peer.send("HTTP/1.1 304 Not Modified\r\nContent-Length: 77\r\n\r\n");
        }
    });
    Site site(server.port());
    Peer client = Peer::connect(site.port());
    client.send("HEAD / HTTP/1.1\r\nHost: h\r\n\r\n" + get("/204") + get("/304"));
    CHECK(client.receive_head() == "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n");
    CHECK(client.receive_head() == "HTTP/1.1 204 No Content\r\n\r\n");
    CHECK(client.receive_head() == "HTTP/1.1 304 Not Modified\r\nContent-Length: 77\r\n\r\n");
    CHECK(server.accepted() == 1);
}

TEST_CASE("Expect: 100-continue is the server's to answer") {
    FakeServer server([](Peer& peer) {
        peer.receive_head();
        peer.send("HTTP/1.1 100 Continue\r\n\r\n");
        peer.send(ok(peer.receive(4)));
    });
    Site site(server.port());
    Peer client = Peer::connect(site.port());
    client.send("POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n");
    CHECK(client.receive_head() == "HTTP/1.1 100 Continue\r\n\r\n");
    client.send("body");
    client.receive_head();
    CHECK(client.receive(4) == "body");
}

TEST_CASE("an answer before the end of the request goes out at once, and ends the connection") {
    FakeServer server([](Peer& peer) {
        peer.receive_head();
        peer.send("HTTP/1.1 413 Too Much\r\nContent-Length: 2\r\n\r\nno");
        peer.receive_all();
    });
    Site site(server.port());
    Peer client = Peer::connect(site.port());
    client.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000\r\n\r\nfirst bytes");
    const std::string head = client.receive_head();
    CHECK(head.starts_with("HTTP/1.1 413"));
    CHECK(head.find("connection: close") != std::string::npos);
    CHECK(client.receive(2) == "no");
    CHECK(client.ended());
}

TEST_CASE("upgrade: bytes wait for the 101, then pass both ways") {
    std::promise<std::string> early;
    FakeServer server([&](Peer& peer) {
        peer.receive_head();
        std::this_thread::sleep_for(30ms);  // a hasty proxy would have passed the bytes on by now
        char byte[16];
        const ssize_t count = ::recv(peer.fd(), byte, sizeof byte, MSG_DONTWAIT);
        early.set_value(count > 0 ? std::string(byte, static_cast<std::size_t>(count)) : "");
        peer.send("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n");
        peer.send(peer.receive(5));
        peer.receive_all();
        peer.send("bye");
    });
    Site site(server.port());
    Peer client = Peer::connect(site.port());
    client.send("GET / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\nhello");
    CHECK(early.get_future().get().empty());
    CHECK(client.receive_head().starts_with("HTTP/1.1 101 "));
    CHECK(client.receive(5) == "hello");
    client.finish();  // half-closed: the other direction goes on
    CHECK(client.receive_all() == "bye");
}

TEST_CASE("a refused upgrade is no tunnel: what follows is a request") {
    FakeServer server([](Peer& peer) {
        for (std::string head; !(head = peer.receive_head()).empty();) {
            peer.send(head.find("pgrade") != std::string::npos ? ok("refused") : ok("second"));
        }
    });
    Site site(server.port());
    Peer client = Peer::connect(site.port());
    client.send("GET / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n" + get("/2"));
    client.receive_head();
    CHECK(client.receive(7) == "refused");
    client.receive_head();
    CHECK(client.receive(6) == "second");
}

TEST_CASE("a 101 that nobody asked for, and other nonsense from a server: 502") {
    for (const char* answer :
         {"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n", "garbage\r\n\r\n",
          "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", "HTTP/1.1 20", ""}) {
        FakeServer server([answer](Peer& peer) {
            peer.receive_head();
            peer.send(answer);
        });
        Site site(server.port());
        Peer client = Peer::connect(site.port());
        client.send(get());
        CHECK(client.receive_head().starts_with("HTTP/1.1 502 Bad Gateway\r\n"));
    }
}

TEST_CASE("interim responses without end: 502") {
    FakeServer server([](Peer& peer) {
        peer.receive_head();
        for (int i = 0; i < 1000; ++i) peer.send("HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n");
    });
    Site site(server.port());
    Peer client = Peer::connect(site.port());
    client.send(get());
    std::string head;
    int hints = 0;
    while ((head = client.receive_head()).starts_with("HTTP/1.1 103")) ++hints;
    CHECK(head.starts_with("HTTP/1.1 502"));
    CHECK(hints < 100);
}

TEST_CASE("an idle connection that the server closed is replaced, once, unseen by the client") {
    std::atomic<int> requests{0};
    FakeServer server([&](Peer& peer) {
        if (peer.receive_head().empty()) return;
        peer.send(ok(std::to_string(++requests)));
        if (requests == 1)
            peer.receive_head();  // takes the second request and dies
        else
            peer.receive_all();
    });
    Site site(server.port());
    Peer client = Peer::connect(site.port());
    client.send(get());
    client.receive_head();
    CHECK(client.receive(1) == "1");
    client.send(get());
    CHECK(client.receive_head().starts_with("HTTP/1.1 200"));
    CHECK(client.receive(1) == "2");
    CHECK(server.accepted() == 2);
}

TEST_CASE("bytes after a response: the connection is not used again") {
    FakeServer server([](Peer& peer) {
        peer.receive_head();
        peer.send(ok("one") + "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nstolen");
        peer.receive_all();
    });
    Site site(server.port());
    Peer client = Peer::connect(site.port());
    for (int i = 0; i < 3; ++i) {
        client.send(get());
        client.receive_head();
        CHECK(client.receive(3) == "one");
    }
    CHECK(server.accepted() == 3);
}

TEST_CASE("timeouts") {
    FakeServer server([](Peer& peer) {
        peer.receive_head();
        peer.receive_all();
    });
    SECTION("request: 408") {
        Site site(server.port(), [](auto& proxy) { proxy.timeouts.http_request = 50ms; });
        Peer client = Peer::connect(site.port());
        client.send("GET / HTTP/1.1\r\nHos");
        const std::string head = client.receive_head();
        CHECK(head.starts_with("HTTP/1.1 408 Request Time-out\r\n"));
        CHECK(head.find("connection: close\r\n") != std::string::npos);
    }
    SECTION("server: 504") {
        Site site(server.port(), [](auto& proxy) { proxy.timeouts.server = 50ms; });
        Peer client = Peer::connect(site.port());
        client.send(get());
        CHECK(client.receive_head().starts_with("HTTP/1.1 504 Gateway Time-out\r\n"));
    }
    SECTION("client in the middle of its body: 408") {
        Site site(server.port(), [](auto& proxy) {
            proxy.timeouts.client = 50ms;
            proxy.timeouts.server = 5s;
        });
        Peer client = Peer::connect(site.port());
        client.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nabc");
        CHECK(client.receive_head().starts_with("HTTP/1.1 408 "));
    }
}

TEST_CASE("keep-alive timeout closes without a word") {
    FakeServer server([](Peer& peer) {
        while (!peer.receive_head().empty()) peer.send(ok("x"));
    });
    Site site(server.port(), [](auto& proxy) { proxy.timeouts.http_keep_alive = 50ms; });
    Peer client = Peer::connect(site.port());
    client.send(get());
    client.receive_head();
    CHECK(client.receive(1) == "x");
    CHECK(client.receive_all().empty());
}

TEST_CASE("nobody listens there: 503 after the retries") {
    std::uint16_t port = 0;
    test::listen_somewhere(port).reset();
    Site site(port, [](auto& proxy) {
        proxy.upstream.retries = 1;
        proxy.upstream.timeout_connect = 20ms;
    });
    Peer client = Peer::connect(site.port());
    client.send(get());
    CHECK(client.receive_head() ==
          "HTTP/1.1 503 Service Unavailable\r\ncontent-length: 107\r\ncache-control: no-cache\r\n"
          "content-type: text/html\r\n\r\n");
}

TEST_CASE("a client that resets while the server thinks frees the server's slot") {
    FakeServer server([](Peer& peer) {
        peer.receive_head();
        peer.receive_all();
    });
    Site site(server.port());
    Peer client = Peer::connect(site.port());
    client.send(get());
    CHECK(Site::eventually([&] { return site.state().servers[0]->sessions.now() == 1; }));
    client.reset();
    CHECK(Site::eventually([&] { return site.state().servers[0]->sessions.now() == 0; }));
    CHECK(Site::eventually([&] { return site.state().frontend.sessions.now() == 0; }));
}

TEST_CASE("a client that shuts its half down still gets the answer, unless abortonclose") {
    std::promise<void> go;
    auto gate = go.get_future().share();
    FakeServer server([gate](Peer& peer) {
        if (peer.receive_head().empty()) return;
        gate.wait();
        peer.send(ok("late"));
    });
    bool abort = false;
    SECTION("answered") {}
    SECTION("aborted") {
        abort = true;
    }
    Site site(server.port(), [abort](auto& proxy) { proxy.abortonclose = abort; });
    Peer client = Peer::connect(site.port());
    client.send(get());
    CHECK(Site::eventually([&] { return site.state().servers[0]->sessions.now() == 1; }));
    client.finish();
    if (abort) {
        CHECK(Site::eventually([&] { return site.state().servers[0]->sessions.now() == 0; }));
        CHECK(site.state().frontend.counters.sum(
                  [](const auto& c) -> const auto& { return c.client_aborts; }) == 1);
        go.set_value();
    } else {
        go.set_value();
        client.receive_head();
        CHECK(client.receive(4) == "late");
    }
    CHECK(client.ended());
}

TEST_CASE("modes: httpclose and http-server-close") {
    FakeServer server([](Peer& peer) {
        const std::string head = peer.receive_head();
        peer.send(ok(head.find("connection: close") != std::string::npos ? "close" : "keeps"));
        peer.receive_all();
    });
    using proxyd::session::KeepAlive;
    SECTION("server-close") {
        Site site(server.port(), [](auto& proxy) { proxy.keep_alive = KeepAlive::server_close; });
        Peer client = Peer::connect(site.port());
        for (int i = 0; i < 2; ++i) {
            client.send(get());
            CHECK(client.receive_head().find("connection: close") == std::string::npos);
            CHECK(client.receive(5) == "close");
        }
        CHECK(server.accepted() == 2);
    }
    SECTION("close") {
        Site site(server.port(), [](auto& proxy) { proxy.keep_alive = KeepAlive::close; });
        Peer client = Peer::connect(site.port());
        client.send(get());
        CHECK(client.receive_head().find("connection: close") != std::string::npos);
        CHECK(client.receive_all() == "close");
    }
}

TEST_CASE("soft stop: the exchange is finished, idle connections go") {
    std::promise<void> go;
    auto gate = go.get_future().share();
    FakeServer server([gate](Peer& peer) {
        for (std::string head; !(head = peer.receive_head()).empty();) {
            if (head.find("/slow") != std::string::npos) gate.wait();
            peer.send(ok("x"));
        }
    });
    Site site(server.port());
    Peer busy = Peer::connect(site.port()), idle = Peer::connect(site.port());
    idle.send(get());
    idle.receive_head();
    idle.receive(1);
    busy.send(get("/slow"));
    CHECK(Site::eventually([&] { return site.state().servers[0]->sessions.now() == 1; }));
    site.stop_softly();
    CHECK(idle.ended());
    go.set_value();
    CHECK(busy.receive_head().find("connection: close") != std::string::npos);
    CHECK(busy.receive_all() == "x");
    CHECK(Site::eventually([&] { return site.runtime().state->process.connections.now() == 0; }));
}

TEST_CASE("a full process lets connections wait, not fail") {
    FakeServer server([](Peer& peer) {
        while (!peer.receive_head().empty()) peer.send(ok("x"));
    });
    Site site(server.port(), [](auto& proxy) { proxy.maxconn = 2; });
    std::vector<Peer> clients;
    for (int i = 0; i < 4; ++i) clients.push_back(Peer::connect(site.port()));
    for (auto& client : clients) client.send(get());
    clients[0].receive_head();
    clients[1].receive_head();
    CHECK(site.state().frontend.sessions.max() == 2);
    clients[0].close();
    clients[2].receive_head();
    CHECK(clients[2].receive(1) == "x");
    clients[1].close();
    clients[3].receive_head();
    CHECK(clients[3].receive(1) == "x");
    CHECK(site.state().frontend.sessions.max() == 2);
}

TEST_CASE("counters of a plain day") {
    FakeServer server([](Peer& peer) {
        while (!peer.receive_head().empty()) peer.send(ok("12345"));
    });
    Site site(server.port());
    {
        Peer client = Peer::connect(site.port());
        for (int i = 0; i < 3; ++i) {
            client.send(get());
            client.receive_head();
            client.receive(5);
        }
        client.send("BAD\r\n\r\n");
        CHECK(client.receive_head().starts_with("HTTP/1.1 400 "));
    }
    CHECK(Site::eventually([&] { return site.state().frontend.sessions.now() == 0; }));
    const auto& state = site.state();
    const auto sum = [](const auto& half, auto member) {
        return half.counters.sum(
            [member](const proxyd::state::Counters& c) -> const auto& { return c.*member; });
    };
    using C = proxyd::state::Counters;
    CHECK(sum(state.frontend, &C::connections) == 1);
    CHECK(sum(state.frontend, &C::requests) == 4);
    CHECK(sum(state.frontend, &C::request_errors) == 1);
    CHECK(state.frontend.counters.sum([](const C& c) -> const auto& { return c.responses[2]; }) == 3);
    CHECK(state.frontend.counters.sum([](const C& c) -> const auto& { return c.responses[4]; }) == 1);
    CHECK(state.servers[0]->counters.sum([](const C& c) -> const auto& { return c.responses[2]; }) == 3);
    CHECK(sum(state.backend, &C::sessions) == 3);
    CHECK(state.backend.sessions.now() == 0);
    CHECK(state.servers[0]->sessions.now() == 0);
    CHECK(state.servers[0]->counters.sum([](const C& c) -> const auto& { return c.bytes_in; }) ==
          3 * get().size());
}

TEST_CASE("a large response to a slow reader takes one buffer, not its size") {
    FakeServer server([](Peer& peer) {
        peer.receive_head();
        peer.send(ok(std::string(20'000'000, 'y')));
    });
    Site site(server.port());
    Peer client = Peer::connect(site.port());
    client.send(get());
    client.receive_head();
    std::size_t buffers = 100;
    site.on_worker([&] { buffers = site.worker().buffers().in_use(); });
    CHECK(buffers <= 4);
    CHECK(client.receive(20'000'000).size() == 20'000'000);
    CHECK(Site::eventually([&] {
        site.on_worker([&] { buffers = site.worker().buffers().in_use(); });
        return buffers == 0;
    }));
}
