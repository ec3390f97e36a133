// Worker, mailbox, waiter and plain stream together, on real descriptors.
#include <catch2/catch.hpp>

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <string>
#include <thread>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>

#include "common/unique_fd.h"
#include "proxyd/net/stream.h"
#include "proxyd/net/waiter.h"
#include "proxyd/net/worker.h"

using namespace std::chrono_literals;
using namespace proxyd::net;

namespace {

void spawn(Worker& worker, Task<> task) {
    boost::asio::co_spawn(worker.executor(), std::move(task), boost::asio::detached);
}

std::pair<int, int> socket_pair() {
    int fds[2];
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds) == 0);
    return {fds[0], fds[1]};
}

std::pair<int, int> tcp_pair() {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* const name = reinterpret_cast<sockaddr*>(&address);
    const common::UniqueFd listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    REQUIRE(::bind(listener.get(), name, size) == 0);
    REQUIRE(::listen(listener.get(), 1) == 0);
    REQUIRE(::getsockname(listener.get(), name, &size) == 0);
    const int client = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    REQUIRE(::connect(client, name, size) == 0);
    return {::accept4(listener.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC), client};
}

iovec piece(std::string_view text) {
    return {const_cast<char*>(text.data()), text.size()};
}

}  // namespace

TEST_CASE("jobs from many threads run in order on the worker's thread") {
    Worker worker({});
    std::vector<int> seen;
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
        threads.emplace_back([&, t] {
            for (int i = 0; i < 1000; ++i) {
                worker.post([&seen, value = t * 1000 + i] { seen.push_back(value); });
            }
        });
    }
    std::thread loop([&] { worker.run(); });
    for (auto& thread : threads) thread.join();
    worker.stop();
    loop.join();
    REQUIRE(seen.size() == 4000);
    std::array<int, 4> last{-1, -1, -1, -1};
    for (const int value : seen) {
        int& previous = last[static_cast<std::size_t>(value / 1000)];
        REQUIRE(value % 1000 > previous);
        previous = value % 1000;
    }
}

TEST_CASE("a heartbeat that stops with the worker") {
    Heartbeat heartbeat;
    Worker worker({.heartbeat = &heartbeat});
    std::atomic<std::int64_t> beat{0};
    worker.post([&] {
        beat = heartbeat.last_turn_ms.load();
        worker.stop();
    });
    worker.run();
    CHECK(beat > 0);
    CHECK(heartbeat.last_turn_ms == 0);
}

TEST_CASE("hooks run once for all that wanted them in a turn") {
    Worker worker({});
    int runs = 0, wanted = 0;
    worker.at_turn_end([&] {
        ++runs;
        if (wanted == 3) worker.stop();
    });
    for (int i = 0; i < 3; ++i) {
        worker.post([&] {
            ++wanted;
            worker.want_turn_end();
        });
    }
    worker.run();
    CHECK(runs == 1);
}

TEST_CASE("waiting") {
    Worker worker({});
    Waiter::Bits got = 0;
    common::Duration took{};

    SECTION("for a deadline") {
        auto coroutine = [](Worker& w, Waiter::Bits& bits, common::Duration& duration) -> Task<> {
            Waiter waiter(w);
            const auto before = w.now();
            bits = co_await waiter.wait(Waiter::kClientIn, before + 20ms);
            duration = w.now() - before;
            w.stop();
        };
        spawn(worker, coroutine(worker, got, took));
        worker.run();
        CHECK(got == Waiter::kDeadline);
        CHECK(took >= 20ms);
    }
    SECTION("for a bit that is set already, and one set by another coroutine later") {
        auto coroutine = [](Worker& w, Waiter::Bits& bits) -> Task<> {
            Waiter waiter(w);
            waiter.set(Waiter::kMail | Waiter::kServerIn);
            bits = co_await waiter.wait(Waiter::kMail, common::kNever);
            CHECK(bits == Waiter::kMail);
            CHECK(waiter.pending() == Waiter::kServerIn);
            Waiter* address = &waiter;
            w.post([address] { address->set(Waiter::kClientIn); });
            bits = co_await waiter.wait(Waiter::kClientIn | Waiter::kMail, common::kNever);
            w.stop();
        };
        spawn(worker, coroutine(worker, got));
        worker.run();
        CHECK(got == Waiter::kClientIn);
    }
    SECTION("broadcast reaches all") {
        auto coroutine = [](Worker& w, Waiter::Bits& bits, int& left) -> Task<> {
            Waiter waiter(w);
            bits |= co_await waiter.wait(Waiter::kStop, common::kNever);
            if (--left == 0) w.stop();
        };
        int left = 3;
        for (int i = 0; i < 3; ++i) spawn(worker, coroutine(worker, got, left));
        worker.post([&] { worker.broadcast(Waiter::kStop); });
        worker.run();
        CHECK(left == 0);
        CHECK(got == Waiter::kStop);
    }
    SECTION("the end of the worker unwinds what waits") {
        bool unwound = false;
        struct Mark {
            bool& flag;
            ~Mark() { flag = true; }
        };
        auto coroutine = [](Worker& w, bool& flag) -> Task<> {
            Mark mark{flag};
            Waiter waiter(w);
            co_await waiter.wait(Waiter::kClientIn, common::kNever);
        };
        spawn(worker, coroutine(worker, unwound));
        worker.post([&] { worker.stop(); });
        worker.run();
        CHECK(unwound);
    }
}

namespace {

// Echoes until the end of input.
Task<> echo(Worker& worker, int fd) {
    Waiter waiter(worker);
    Stream stream(worker, fd);
    stream.attach(waiter, Waiter::kClientIn, Waiter::kClientOut);
    char buffer[512];
    for (;;) {
        IoResult in = stream.try_read(buffer);
        if (in.would_block()) {
            stream.arm_read();
            co_await waiter.wait(Waiter::kClientIn, common::kNever);
            continue;
        }
        if (!in.ok()) break;
        std::size_t sent = 0;
        while (sent < in.count) {
            const iovec rest = piece({buffer + sent, in.count - sent});
            const IoResult out = stream.try_write({&rest, 1});
            if (out.would_block()) {
                stream.arm_write();
                co_await waiter.wait(Waiter::kClientOut, common::kNever);
            } else if (out.ok()) {
                sent += out.count;
            } else {
                co_return;
            }
        }
    }
}

}  // namespace

TEST_CASE("streams read and write with backpressure both ways") {
    Worker worker({});
    const auto [ours, theirs] = socket_pair();
    spawn(worker, echo(worker, ours));
    std::thread loop([&] { worker.run(); });

    ::fcntl(theirs, F_SETFL, 0);
    std::string sent(2'000'000, 'x');
    for (std::size_t i = 0; i < sent.size(); ++i) sent[i] = static_cast<char>('a' + i % 23);
    std::thread writer([&, fd = theirs] {
        std::size_t done = 0;
        while (done < sent.size()) {
            const ssize_t count = ::write(fd, sent.data() + done, sent.size() - done);
            if (count <= 0) break;
            done += static_cast<std::size_t>(count);
        }
        ::shutdown(fd, SHUT_WR);
    });
    std::string received;
    char buffer[4096];
    for (ssize_t count; (count = ::read(theirs, buffer, sizeof buffer)) > 0;) {
        received.append(buffer, static_cast<std::size_t>(count));
    }
    writer.join();
    CHECK(received == sent);
    ::close(theirs);
    worker.stop();
    loop.join();
}

TEST_CASE("an idle stream remembers that its peer spoke, and hands it to the next owner") {
    Worker worker({});
    const auto [ours, theirs] = socket_pair();
    auto coroutine = [](Worker& w, int fd, int peer) -> Task<> {
        Stream stream(w, fd);
        stream.watch_idle();
        CHECK_FALSE(stream.disturbed());
        CHECK(::write(peer, "x", 1) == 1);
        Waiter pause(w);
        const auto limit = w.now() + 5s;
        while (!stream.disturbed() && w.now() < limit) {
            co_await pause.wait(Waiter::kMail, w.now() + 1ms);
        }
        CHECK(stream.disturbed());
        Waiter waiter(w);
        stream.attach(waiter, Waiter::kServerIn, Waiter::kServerOut);
        const Waiter::Bits bits = co_await waiter.wait(Waiter::kServerIn, limit);
        CHECK(bits == Waiter::kServerIn);
        stream.close();
        char byte;
        CHECK(::read(peer, &byte, 1) <= 0);  // a reset, as "x" was never read
        w.stop();
    };
    spawn(worker, coroutine(worker, ours, theirs));
    worker.run();
    ::close(theirs);
}

TEST_CASE("the look for a reset before a wait leaves the error to who reads") {
    Worker worker({});
    auto coroutine = [](Worker& w, int fd, int peer) -> Task<> {
        Stream stream(w, fd);
        Waiter waiter(w), pause(w);
        stream.attach(waiter, Waiter::kClientIn, Waiter::kClientOut);
        const auto limit = w.now() + 5s;
        CHECK(::write(peer, "x", 1) == 1);
        stream.arm_read();
        co_await waiter.wait(Waiter::kClientIn, limit);
        std::array<char, 8> room;
        CHECK(stream.try_read(room).count == 1);
        const linger at_once{1, 0};
        ::setsockopt(peer, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
        ::close(peer);
        // The edge comes while nobody waits.
        for (int turn = 0; turn < 3; ++turn) co_await pause.wait(Waiter::kMail, w.now() + 1ms);
        stream.arm_read();
        const Waiter::Bits bits = co_await waiter.wait(Waiter::kClientIn, limit);
        CHECK(bits == Waiter::kClientIn);
        const IoResult result = stream.try_read(room);
        CHECK(result.kind == IoResult::Kind::error);
        CHECK(result.error == ECONNRESET);
        w.stop();
    };
    const auto [ours, theirs] = tcp_pair();
    spawn(worker, coroutine(worker, ours, theirs));
    worker.run();
}

namespace {

struct Seen {
    std::string text;
    bool ended = false;
};

// Reads to the end with short reads, each announced by one edge; gives up after a while.
Task<> read_to_end(Worker& worker, int fd, std::function<void()> after_first_wait, Seen& seen) {
    Waiter waiter(worker);
    Stream stream(worker, fd);
    stream.attach(waiter, Waiter::kClientIn, Waiter::kClientOut);
    stream.arm_read();
    after_first_wait();
    const auto limit = worker.now() + 5s;
    char buffer[512];
    while (!seen.ended && worker.now() < limit) {
        co_await waiter.wait(Waiter::kClientIn, limit);
        const IoResult in = stream.try_read(buffer);
        if (in.ok()) seen.text.append(buffer, in.count);
        seen.ended = in.kind == IoResult::Kind::end || in.kind == IoResult::Kind::error;
        if (!seen.ended) stream.arm_read();
    }
    worker.stop();
}

}  // namespace

TEST_CASE("an end that came together with the last bytes is noticed") {
    const bool reset = GENERATE(false, true);
    Worker worker({});
    const auto [ours, theirs] = socket_pair();
    Seen seen;
    spawn(worker, read_to_end(
                      worker, ours,
                      [peer = theirs, reset] {
                          CHECK(::write(peer, "abc", 3) == 3);
                          reset ? ::close(peer) : ::shutdown(peer, SHUT_WR);
                      },
                      seen));
    worker.run();
    CHECK(seen.text == "abc");
    CHECK(seen.ended);
    if (!reset) ::close(theirs);
}

TEST_CASE("what is posted to Asio runs, however often") {
    Worker worker({});
    std::thread loop([&] { worker.run(); });
    std::atomic<int> ran{0};
    const auto limit = common::Clock::now() + 10s;
    for (int i = 1; i <= 20; ++i) {
        worker.post([&] {
            for (int twice = 0; twice < 2; ++twice) boost::asio::post(worker.executor(), [&] { ++ran; });
        });
        while (ran < 2 * i && common::Clock::now() < limit) std::this_thread::sleep_for(1ms);
    }
    CHECK(ran == 40);
    worker.stop();
    loop.join();
}
