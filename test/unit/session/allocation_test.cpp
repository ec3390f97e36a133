// The hot path allocates nothing: operator new is replaced in this program and counts what the worker's thread asks for.
#include <catch2/catch.hpp>

#include <atomic>
#include <cstdlib>
#include <new>

#include "site.h"

namespace {

std::atomic<bool> counting{false};
std::atomic<std::uint64_t> allocations{0};

void* counted(std::size_t size, std::size_t alignment) {
    if (counting.load(std::memory_order_relaxed) && proxyd::net::Worker::current()) allocations.fetch_add(1);
    const std::size_t rounded = (size + alignment - 1) / alignment * alignment;
    void* memory = alignment > alignof(std::max_align_t) ? std::aligned_alloc(alignment, rounded) : std::malloc(size);
    if (!memory) throw std::bad_alloc();
    return memory;
}

}  // namespace

void* operator new(std::size_t size) { return counted(size, 1); }
void* operator new[](std::size_t size) { return counted(size, 1); }
void* operator new(std::size_t size, std::align_val_t alignment) { return counted(size, static_cast<std::size_t>(alignment)); }
void* operator new[](std::size_t size, std::align_val_t alignment) { return counted(size, static_cast<std::size_t>(alignment)); }
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }

namespace {

constexpr std::string_view kRequest =
    "GET /index.html HTTP/1.1\r\nHost: example.org\r\nUser-Agent: test\r\nAccept: */*\r\n\r\n";

void answer_all(test::Peer& peer) {
    const std::string answer = "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\nServer: fake\r\n\r\n" + std::string(1000, 'x');
    while (!peer.receive_head().empty()) peer.send(answer);
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
        proxy.forwardfor.enabled = true;
    });
    test::Peer client = test::Peer::connect(site.port());
    exchange(client, 100);  // warm: buffers, arena, frames
    counting = true;
    exchange(client, 10'000);
    counting = false;
    CHECK(allocations == 0);
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
    for (int i = 0; i < 50; ++i) round();
    allocations = 0;
    counting = true;
    for (int i = 0; i < 50; ++i) round();
    counting = false;
    CHECK(allocations == 0);
    for (auto& client : clients) client.close();
}
