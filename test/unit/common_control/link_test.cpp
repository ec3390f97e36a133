// Server and client over real sockets in a folder of their own.
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <thread>

#include "common/control/client.h"
#include "common/control/server.h"
#include "common/endpoint.h"
#include "common/process/fd_passing.h"
#include "test/support/temporary_folder.h"

using namespace common;
using namespace common::control;
using namespace std::chrono_literals;

namespace {

using Folder = test::TemporaryFolder;

// Runs the loop until the condition holds; false when it does not within five seconds.
template <class Condition>
bool run_until(boost::asio::io_context& io, Condition condition) {
    for (const TimePoint end = Clock::now() + 5s; Clock::now() < end;) {
        if (condition()) return true;
        io.restart();
        io.run_for(5ms);
    }
    return condition();
}

UniqueFd connect_raw(const std::string& path) {
    UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const auto endpoint = Endpoint::from_unix(path);
    REQUIRE(endpoint);
    REQUIRE(::connect(fd.get(), endpoint->data(), endpoint->size()) == 0);
    return fd;
}

bool peer_closed(int fd) {
    char bytes[4096];
    while (true) {
        const ssize_t got = ::recv(fd, bytes, sizeof bytes, MSG_DONTWAIT);
        if (got > 0) continue;
        return got == 0 || errno == ECONNRESET;
    }
}

void put(int fd, std::string_view text) {
    REQUIRE(::send(fd, text.data(), text.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(text.size()));
}

const Hello kServerHello{1, "proxyd", "t", 1, 2};
const Hello kClientHello{1, "vrrpd", "t", 3, 4};

struct Fixture {
    Folder folder;
    std::string path = folder / "control.sock";
    boost::asio::io_context io;
    std::vector<std::pair<ClientId, Message>> got;
    std::vector<ClientId> hellos, closes;

    ServerSettings settings() {
        ServerSettings s;
        s.path = path;
        s.hello = kServerHello;
        return s;
    }
    ServerHandlers handlers() {
        return {[this](ClientId id, const Hello&, const PeerCredentials& who) {
                    CHECK(who.pid == ::getpid());
                    CHECK(who.uid == ::geteuid());
                    hellos.push_back(id);
                },
                [this](ClientId id, const Message& m) { got.emplace_back(id, m); },
                [this](ClientId id) { closes.push_back(id); }};
    }
};

struct Heard {
    std::vector<Message> messages;
    std::vector<std::string> downs;
    int ups = 0;
    ClientHandlers handlers() {
        return {[this](const Hello& h) { ups += h == kServerHello; },
                [this](const Message& m) { messages.push_back(m); },
                [this](const std::string& reason) { downs.push_back(reason); }};
    }
};

}  // namespace

TEST_CASE_METHOD(Fixture, "hello, health one way and role the other") {
    Server server(io, settings(), handlers());
    REQUIRE(server.listen());
    struct stat info{};
    REQUIRE(::stat(path.c_str(), &info) == 0);
    CHECK((info.st_mode & 0777) == 0600);
    Heard heard;
    Client client(io, {path, kClientHello}, heard.handlers());
    client.start();
    REQUIRE(run_until(io, [&] { return client.up() && hellos.size() == 1; }));

    const Health health{ProxyState::ready, 1, 2, 2, {{1, 3}}, std::vector<BackendHealth>{{"web", 1, 1}}};
    server.broadcast(health);
    const Role role{"n", {{"VI_1", "eth0", 51, VrrpState::backup, 90, {}}}};
    client.send(role);
    REQUIRE(run_until(io, [&] { return !heard.messages.empty() && !got.empty(); }));
    CHECK(heard.messages.front() == Message(health));
    CHECK(got.front().second == Message(role));
    client.stop();
    CHECK(run_until(io, [&] { return closes == hellos; }));
}

TEST_CASE_METHOD(Fixture, "the client notices the end at once and comes back for ever") {
    Heard heard;
    Client client(io, {path, kClientHello}, heard.handlers());
    client.start();  // nobody there yet
    run_until(io, [n = 0]() mutable { return ++n > 20; });
    for (int round = 1; round <= 3; ++round) {
        auto server = std::make_unique<Server>(io, settings(), handlers());
        REQUIRE(server->listen());
        REQUIRE(run_until(io, [&] { return heard.ups == round; }));
        server.reset();
        CHECK_FALSE(std::filesystem::exists(path));
        REQUIRE(run_until(io, [&] { return heard.downs.size() == static_cast<std::size_t>(round); }));
        CHECK(heard.downs.back() == "connection closed");
    }
}

TEST_CASE_METHOD(Fixture, "whose path it is") {
    SECTION("a live owner is not disturbed, and told apart") {
        Server first(io, settings(), {});
        REQUIRE(first.listen());
        {
            Server second(io, settings(), {});
            const auto result = second.listen();
            REQUIRE_FALSE(result);
            CHECK(result.error().code == EADDRINUSE);
        }
        CHECK(has_live_owner(path));
    }
    SECTION("a stale socket is replaced") {
        {
            Server first(io, settings(), {});
            REQUIRE(first.listen());
            first.disown_path();
        }
        REQUIRE(std::filesystem::exists(path));
        CHECK_FALSE(has_live_owner(path));
        Server second(io, settings(), {});
        CHECK(second.listen());
    }
    SECTION("a file that is no socket stays") {
        std::ofstream(path) << "precious";
        Server server(io, settings(), {});
        const auto result = server.listen();
        REQUIRE_FALSE(result);
        CHECK(result.error().code == EEXIST);
        CHECK(std::filesystem::file_size(path) == 8);
    }
    SECTION("a successor adopts the listening socket and the path") {
        UniqueFd copy;
        auto first = std::make_unique<Server>(io, settings(), ServerHandlers{});
        REQUIRE(first->listen());
        copy.reset(::dup(first->listener_fd()));
        Server second(io, settings(), handlers());
        REQUIRE(second.adopt(std::move(copy)));
        first->disown_path();
        first.reset();
        REQUIRE(std::filesystem::exists(path));
        const UniqueFd peer = connect_raw(path);
        put(peer.get(), encode(kClientHello));
        CHECK(run_until(io, [&] { return hellos.size() == 1; }));
    }
}

TEST_CASE_METHOD(Fixture, "hostile peers are closed and the others served") {
    auto s = settings();
    s.hello_timeout = 50ms;
    Server server(io, s, handlers());
    REQUIRE(server.listen());
    UniqueFd bad = connect_raw(path);
    SECTION("a line without end") {
        put(bad.get(), encode(kClientHello) + std::string(60'000, 'x'));
        run_until(io, [n = 0]() mutable { return ++n > 3; });
        put(bad.get(), std::string(60'000, 'x'));
    }
    SECTION("no hello first") {
        put(bad.get(), encode(Request{1, "show", {}}));
    }
    SECTION("hello twice") {
        put(bad.get(), encode(kClientHello) + encode(kClientHello));
    }
    SECTION("NULs") {
        put(bad.get(), std::string(100, '\0') + "\n");
    }
    SECTION("silence") {}
    SECTION("half a hello") {
        put(bad.get(), R"({"type":"hel)");
    }
    CHECK(run_until(io, [&] { return peer_closed(bad.get()); }));
    const UniqueFd good = connect_raw(path);
    put(good.get(), encode(kClientHello) + encode(Request{9, "show", {}}));
    CHECK(run_until(io, [&] { return got.size() == 1; }));
}

TEST_CASE_METHOD(Fixture, "ten thousand requests are answered without piling up") {
    std::unique_ptr<Server> server;
    auto h = handlers();
    h.on_message = [&](ClientId id, const Message& m) {
        server->send(id, Response{std::get<Request>(m).id, "", "x"});
    };
    server = std::make_unique<Server>(io, settings(), h);
    REQUIRE(server->listen());
    std::thread peer([&] {
        const UniqueFd fd = connect_raw(path);
        put(fd.get(), encode(kClientHello));
        std::string all;
        for (std::uint64_t i = 0; i < 10'000; ++i) all += encode(Request{i, "show", {}});
        std::thread reader([&] {
            std::size_t lines = 0;
            char bytes[65536];
            while (lines < 10'001) {
                const ssize_t n = ::recv(fd.get(), bytes, sizeof bytes, 0);
                if (n <= 0) break;
                lines += static_cast<std::size_t>(std::count(bytes, bytes + n, '\n'));
            }
            CHECK(lines == 10'001);
        });
        put(fd.get(), all);
        ::shutdown(fd.get(), SHUT_WR);  // half-closed: the answers still come
        reader.join();
    });
    CHECK(run_until(io, [&] { return closes.size() == 1; }));
    peer.join();
}

TEST_CASE_METHOD(Fixture, "a peer that does not read is closed") {
    auto s = settings();
    s.max_output = 10'000;
    Server server(io, s, handlers());
    REQUIRE(server.listen());
    const UniqueFd peer = connect_raw(path);
    put(peer.get(), encode(kClientHello));
    REQUIRE(run_until(io, [&] { return hellos.size() == 1; }));
    const Message big = Unknown{std::string(4000, 'x')};
    for (int i = 0; i < 1000 && closes.empty(); ++i) server.broadcast(big);
    CHECK(closes.size() == 1);
}

TEST_CASE_METHOD(Fixture, "idle clients cannot hold all places") {
    auto s = settings();
    s.max_clients = 4;
    s.idle_before_eviction = 0ms;
    Server server(io, s, handlers());
    REQUIRE(server.listen());
    const UniqueFd link = connect_raw(path);
    put(link.get(), encode(kClientHello));
    REQUIRE(run_until(io, [&] { return hellos.size() == 1; }));
    server.keep(hellos.front());
    std::vector<UniqueFd> idle;
    for (int i = 0; i < 20; ++i) {
        idle.push_back(connect_raw(path));
        put(idle.back().get(), encode(kClientHello));
        REQUIRE(run_until(io, [&] { return hellos.size() == static_cast<std::size_t>(i) + 2; }));
    }
    CHECK(server.client_count() <= 4);
    CHECK_FALSE(peer_closed(link.get()));
    CHECK(peer_closed(idle.front().get()));
    CHECK_FALSE(peer_closed(idle.back().get()));
}

TEST_CASE_METHOD(Fixture, "root finds a place when busy clients hold all") {
    auto s = settings();
    s.max_clients = 2;
    s.idle_before_eviction = 1h;
    Server server(io, s, handlers());
    REQUIRE(server.listen());
    std::vector<UniqueFd> peers;
    for (int i = 0; i < 4; ++i) {
        peers.push_back(connect_raw(path));
        ::send(peers.back().get(), "", 0, MSG_NOSIGNAL);
        run_until(io, [n = 0]() mutable { return ++n > 3; });
    }
    const std::size_t reserved = ::geteuid() == 0 ? 1 : 0;
    CHECK(server.client_count() == 2 + reserved);
    CHECK(peer_closed(peers[3].get()));
}

TEST_CASE_METHOD(Fixture, "descriptors travel with a message") {
    Server server(io, settings(), handlers());
    REQUIRE(server.listen());
    const UniqueFd peer = connect_raw(path);
    put(peer.get(), encode(kClientHello));
    REQUIRE(run_until(io, [&] { return hellos.size() == 1; }));
    int ends[2];
    REQUIRE(::pipe(ends) == 0);
    const UniqueFd reader(ends[0]), writer(ends[1]);
    (void)peer_closed(peer.get());  // reads the hello
    server.send_with_fds(hellos.front(), Response{1, "", nullptr}, std::array{writer.get()});
    const auto received = process::receive_fds(peer.get(), 4096);
    REQUIRE(received);
    REQUIRE(received->fds.size() == 1);
    CHECK(::write(received->fds[0].get(), "x", 1) == 1);
    char byte = 0;
    CHECK(::read(reader.get(), &byte, 1) == 1);
    CHECK(byte == 'x');
}

TEST_CASE_METHOD(Fixture, "ask: one question, one answer, a time limit") {
    std::unique_ptr<Server> server;
    auto h = handlers();
    h.on_message = [&](ClientId id, const Message& m) {
        const auto& request = std::get<Request>(m);
        if (request.command == "silence") return;
        server->broadcast(Health{});  // other traffic in between
        server->send(id, Response{request.id, "", {{"status", "fine"}}});
    };
    server = std::make_unique<Server>(io, settings(), h);
    REQUIRE(server->listen());
    std::optional<Result<Response>> answer, none, nobody;
    std::thread operator_tool([&] {
        answer = ask(path, kClientHello, {42, "show", {}});
        none = ask(path, kClientHello, {43, "silence", {}}, 50ms);
        nobody = ask(path + ".no", kClientHello, {44, "show", {}});
    });
    run_until(io, [&] { return nobody.has_value(); });
    operator_tool.join();
    REQUIRE(*answer);
    CHECK((*answer)->result.at("status").as_string() == "fine");
    REQUIRE_FALSE(*none);
    CHECK(none->error().text == "no answer in time");
    REQUIRE_FALSE(*nobody);
    CHECK(nobody->error().code == ENOENT);
}
