// Listening sockets: opened, recognised, handed over; with real sockets and processes.
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <thread>

#include "proxyd/main/getsocks.h"
#include "proxyd/main/listening_sockets.h"
#include "proxyd/main/open_socket.h"
#include "proxyd/main/socket_pool.h"
#include "proxyd/main/takeover.h"
#include "test/support/temporary_folder.h"

using namespace proxyd;
using namespace proxyd::main;
using common::Endpoint;
using common::UniqueFd;
using namespace std::chrono_literals;

namespace {

using Folder = test::TemporaryFolder;

net::BindSettings bind_to(const Endpoint& address) {
    net::BindSettings bind;
    bind.address = address;
    bind.text = address.to_string();
    return bind;
}

Endpoint loopback(std::uint16_t port = 0) {
    return Endpoint::from_ip("127.0.0.1", port).value();
}

Endpoint name_of(int fd) {
    Endpoint name;
    socklen_t size = Endpoint::capacity();
    REQUIRE(::getsockname(fd, name.data(), &size) == 0);
    name.resize(size);
    return name;
}

// A loopback port that was free a moment ago.
Endpoint free_address() {
    return name_of(open_sockets(bind_to(loopback()), 1)->front().get());
}

config::Model model_with(const net::BindSettings& bind) {
    config::Model model;
    auto proxy = std::make_unique<session::ProxySettings>();
    proxy->name = "f";
    proxy->is_frontend = true;
    proxy->binds.push_back(bind);
    model.proxies.push_back(std::move(proxy));
    return model;
}

bool connects(const Endpoint& address) {
    const UniqueFd client(::socket(address.family(), SOCK_STREAM | SOCK_CLOEXEC, 0));
    return ::connect(client.get(), address.data(), address.size()) == 0;
}

ino_t inode(int fd) {
    struct stat info{};
    ::fstat(fd, &info);
    return info.st_ino;
}

}  // namespace

TEST_CASE("each worker gets a socket of its own") {
    const auto address = free_address();
    const auto sockets = open_sockets(bind_to(address), 3);
    REQUIRE(sockets);
    REQUIRE(sockets->size() == 3);
    CHECK(inode((*sockets)[0].get()) != inode((*sockets)[1].get()));
    CHECK(socket_key((*sockets)[2].get()) == address.to_string());
    CHECK(connects(address));
}

TEST_CASE("Unix sockets replace a stale file and are recognised by their final name") {
    Folder folder;
    const auto address = Endpoint::from_unix(folder / "s").value();
    auto bind = bind_to(address);
    bind.mode = 0620;
    auto first = open_sockets(bind, 2);
    REQUIRE(first);
    REQUIRE(first->size() == 2);
    CHECK(inode((*first)[0].get()) == inode((*first)[1].get()));
    CHECK(socket_key(first->front().get()) == folder / "s");
    struct stat info{};
    REQUIRE(::stat((folder / "s").c_str(), &info) == 0);
    CHECK((info.st_mode & 0777) == 0620);
    REQUIRE(open_sockets(bind, 1));
    CHECK(std::distance(std::filesystem::directory_iterator(folder / ""), {}) == 1);
}

TEST_CASE("inherited descriptors are used, and refused when they are no sockets") {
    auto listener = open_sockets(bind_to(loopback()), 1);
    net::BindSettings bind;
    bind.text = "fd@N";
    bind.inherited_fd = listener->front().get();
    const auto sockets = open_sockets(bind, 2);
    REQUIRE(sockets);
    CHECK(sockets->size() == 2);
    bind.inherited_fd = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    const UniqueFd file(bind.inherited_fd);
    CHECK_FALSE(open_sockets(bind, 1));
}

TEST_CASE("a port that someone else listens on is refused, though it could be shared") {
    const auto address = free_address();
    const auto other = open_sockets(bind_to(address), 1);
    const auto model = model_with(bind_to(address));
    SocketPool pool;
    std::vector<std::string> complaints;
    ListeningSockets out;
    CHECK_FALSE(open_listening_sockets(model, 1, pool, Conflict::refuse, out, complaints));
    REQUIRE(complaints.size() == 1);
    CHECK(complaints[0] ==
          "Starting frontend f: cannot bind to " + address.to_string() + ": Address already in use");
    complaints.clear();
    CHECK(open_listening_sockets(model, 1, pool, Conflict::share, out, complaints));
}

TEST_CASE("every socket of a group is adopted, and connections that wait in them are kept") {
    const auto address = free_address();
    SocketPool pool;
    std::vector<UniqueFd> clients;
    {
        auto old_sockets = open_sockets(bind_to(address), 4);
        for (int i = 0; i < 40; ++i) {
            clients.emplace_back(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
            REQUIRE(::connect(clients.back().get(), address.data(), address.size()) == 0);
        }
        for (UniqueFd& fd : *old_sockets) {
            pool.add(UniqueFd(::dup(fd.get())));
            pool.add(std::move(fd));  // a second descriptor of the same socket
        }
    }
    CHECK(pool.size() == 4);
    const auto workers = GENERATE(1, 2, 4, 6);
    CAPTURE(workers);
    ListeningSockets out;
    std::vector<std::string> complaints;
    const auto model = model_with(bind_to(address));
    REQUIRE(open_listening_sockets(model, workers, pool, Conflict::share, out, complaints));
    CHECK(out.adopted == 4);
    CHECK(out.groups[0].sockets.size() == static_cast<std::size_t>(std::max(4, workers)));
    int accepted = 0;
    for (const UniqueFd& fd : out.groups[0].sockets) {
        for (int c; (c = ::accept4(fd.get(), nullptr, nullptr, SOCK_CLOEXEC)) >= 0; ++accepted) ::close(c);
    }
    CHECK(accepted == 40);
}

TEST_CASE("the pool takes listening sockets only") {
    SocketPool pool;
    pool.add(UniqueFd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)));
    pool.add(UniqueFd(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)));
    pool.add(UniqueFd(::open("/dev/null", O_RDONLY | O_CLOEXEC)));
    CHECK(pool.empty());
}

TEST_CASE("HAProxy's hand-over protocol, both sides, more sockets than one message carries") {
    Folder folder;
    const auto listener = open_sockets(bind_to(Endpoint::from_unix(folder / "stats").value()), 1);
    ::fcntl(listener->front().get(), F_SETFL, 0);
    const auto shared = open_sockets(bind_to(loopback()), 1);
    const int count = GENERATE(0, 1, 252, 253, 600);
    CAPTURE(count);
    const std::vector<int> sockets(static_cast<std::size_t>(count), shared->front().get());
    std::thread old_process([&] {
        const UniqueFd connection(::accept4(listener->front().get(), nullptr, nullptr, SOCK_CLOEXEC));
        char command[64];
        const ssize_t got = ::recv(connection.get(), command, sizeof command, 0);
        CHECK(std::string_view(command, static_cast<std::size_t>(got)) == "_getsocks\n");
        CHECK(serve_sockets(connection.get(), sockets, 2s));
    });
    const auto received = request_sockets(folder / "stats", 2s);
    old_process.join();
    REQUIRE(received);
    CHECK(received->size() == static_cast<std::size_t>(count));
}

TEST_CASE("a stats socket that does not know the command is an error, not a hang") {
    Folder folder;
    const auto listener = open_sockets(bind_to(Endpoint::from_unix(folder / "stats").value()), 1);
    ::fcntl(listener->front().get(), F_SETFL, 0);
    std::thread old_process([&] {
        const UniqueFd connection(::accept4(listener->front().get(), nullptr, nullptr, SOCK_CLOEXEC));
        constexpr std::string_view kAnswer = "Unknown command.\n";
        ::send(connection.get(), kAnswer.data(), kAnswer.size(), MSG_NOSIGNAL);
    });
    CHECK_FALSE(request_sockets(folder / "stats", 2s));
    old_process.join();
    CHECK_FALSE(request_sockets(folder / "nobody", 2s));
}

TEST_CASE("sockets are taken out of a running process that knows nothing of it") {
    const auto address = free_address();
    const pid_t child = ::fork();
    if (child == 0) {
        const auto sockets = open_sockets(bind_to(address), 2);
        ::pause();
        ::_exit(sockets ? 0 : 1);
    }
    // The child listens once a connection is accepted.
    for (int i = 0; i < 500 && !connects(address); ++i) std::this_thread::sleep_for(10ms);
    TakeoverPlan plan;
    plan.control_path = "/nonexistent/control.sock";
    plan.predecessors = {child};
    auto takeover = take_over(plan);
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    REQUIRE(takeover);
    if (!takeover->notices.empty()) return;  // a sandbox may forbid pidfd_getfd
    CHECK(takeover->pool.size() >= 1);
    CHECK(connects(address));  // the old process is dead, its socket lives
    takeover->pool = SocketPool();
    CHECK_FALSE(connects(address));
}

TEST_CASE("predecessors that are gone are no trouble") {
    TakeoverPlan plan;
    plan.control_path = "/nonexistent/control.sock";
    const pid_t child = ::fork();
    if (child == 0) ::_exit(0);
    ::waitpid(child, nullptr, 0);
    plan.predecessors = {child};
    const auto takeover = take_over(plan);
    REQUIRE(takeover);
    CHECK(takeover->notices.empty());
}
