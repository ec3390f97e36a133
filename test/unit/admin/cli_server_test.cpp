// The command server with real Unix sockets and hostile operators.
#include "proxyd/admin/cli_server.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <vector>

#include "common/unique_fd.h"
#include "test/unit/admin/admin_fixture.h"

using namespace proxyd;
using namespace std::chrono_literals;
using admin_test::Process;

namespace {

// An abstract address, so that nothing stays behind.
common::Endpoint address_of(const std::string& name) {
    return *common::Endpoint::from_unix("@proxyd-cli-test-" + std::to_string(getpid()) + name);
}

common::UniqueFd listen_on(const common::Endpoint& address) {
    common::UniqueFd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    REQUIRE(bind(fd.get(), address.data(), address.size()) == 0);
    REQUIRE(listen(fd.get(), 16) == 0);
    return fd;
}

struct Client {
    common::UniqueFd fd;
    explicit Client(const common::Endpoint& address) : fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        timeval limit{10, 0};
        setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
        setsockopt(fd.get(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
        REQUIRE(connect(fd.get(), address.data(), address.size()) == 0);
    }
    void send_text(std::string_view text) { (void)::send(fd.get(), text.data(), text.size(), MSG_NOSIGNAL); }
    // Up to the end of the stream or of `until`; "TIMEOUT" at the end when neither came.
    std::string receive(std::string_view until = {}) {
        std::string text;
        char chunk[4096];
        while (until.empty() || !text.ends_with(until)) {
            const ssize_t size = recv(fd.get(), chunk, sizeof chunk, 0);
            if (size < 0) return text + (errno == ECONNRESET ? "" : "TIMEOUT");
            if (size == 0) return text;
            text.append(chunk, static_cast<std::size_t>(size));
        }
        return text;
    }
    std::string ask(std::string_view line) {
        send_text(line);
        return receive();
    }
};

struct Running {
    Process process;
    common::Endpoint address;
    admin::CliServer server;
    Running(const std::string& name, common::Duration timeout, int places)
        : address(address_of(name)), server(process.view, timeout, places) {
        admin::CliSocket socket;
        socket.listener = listen_on(address);
        socket.name = "unix@test";
        socket.level = admin::Level::admin;
        server.add(std::move(socket));
        server.start();
    }
};

}  // namespace

TEST_CASE("a line is answered, then the connection ends") {
    Running running("basic", 10s, 10);
    CHECK(Client(running.address).ask("show version\n") == "9.9\n\n");
    CHECK(Client(running.address).ask("show version;show cli level\nshow version\n") == "9.9\n\nadmin\n\n");
    CHECK(Client(running.address).ask("set weight be/s1 20\n") == "\n");
    CHECK(Client(running.address).ask("get weight be/s1\n") == "20 (initial 10)\n\n");
    CHECK(Client(running.address).ask("show cli sockets\n") ==
          "# socket lvl processes\nunix@test admin all\n\n");
}

TEST_CASE("a half-closed connection still gets its answer") {
    Running running("half", 10s, 10);
    Client client(running.address);
    client.send_text("show version");  // as `printf 'show version' | nc -N` does
    shutdown(client.fd.get(), SHUT_WR);
    CHECK(client.receive() == "9.9\n\n");
}

TEST_CASE("the prompt keeps the connection") {
    Running running("prompt", 10s, 10);
    Client client(running.address);
    client.send_text("prompt\n");
    CHECK(client.receive("> ") == "\n> ");
    client.send_text("show version\n");
    CHECK(client.receive("> ") == "9.9\n\n> ");
    client.send_text("\n");
    CHECK(client.receive("> ") == "\n> ");
    CHECK(client.ask("quit\n").empty());
}

TEST_CASE("ten thousand commands are answered in order") {
    Running running("many", 10s, 10);
    Client client(running.address);
    std::string lines = "prompt\n";
    for (int i = 0; i < 1000; ++i) lines += "show version\n";
    std::size_t answers = 0;
    client.send_text(lines);
    client.send_text("quit\n");
    const std::string text = client.receive();
    for (std::size_t at = text.find("9.9\n"); at != std::string::npos; at = text.find("9.9\n", at + 1))
        ++answers;
    CHECK(answers == 1000);
}

TEST_CASE("a line of a mebibyte is refused, not stored") {
    Running running("long", 10s, 10);
    Client client(running.address);
    client.send_text(std::string(1 << 15, 'a'));
    CHECK(client.receive() == "Command line too long\n");
}

TEST_CASE("an admin gets in whatever idle clients hold") {
    Running running("full", 60s, 4);
    std::vector<std::unique_ptr<Client>> idle;
    for (int i = 0; i < 12; ++i) idle.push_back(std::make_unique<Client>(running.address));
    CHECK(Client(running.address).ask("show version\n") == "9.9\n\n");
    // The one that has been quiet longest gave way.
    CHECK(idle.front()->receive().empty());
}

TEST_CASE("silence ends the connection") {
    Running running("idle", 50ms, 10);
    Client client(running.address);
    client.send_text("show ver");
    CHECK(client.receive().empty());
}

TEST_CASE("the hand-over gets the connection itself") {
    Process process;
    process.view.hand_over_sockets = [](int connection) {
        (void)::send(connection, "sockets", 7, MSG_NOSIGNAL);
    };
    const common::Endpoint address = address_of("hand");
    admin::CliServer server(process.view, 10s, 10);
    admin::CliSocket socket;
    socket.listener = listen_on(address);
    socket.level = admin::Level::admin;
    socket.expose_listeners = true;
    server.add(std::move(socket));
    server.start();
    CHECK(Client(address).ask("_getsocks\n") == "sockets");
}
