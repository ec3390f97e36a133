// The steady state costs no heap: a request that finds a free slot and an idle connection allocates nothing
// on its way to the server and back.
#include <catch2/catch.hpp>

#include <atomic>
#include <cstdlib>
#include <new>

#include "loop.h"
#include "proxyd/upstream/backend.h"

namespace {

thread_local bool counting = false;
std::atomic<int> allocations{0};

void* counted(std::size_t size) {
    if (counting) ++allocations;
    if (void* memory = std::malloc(size)) return memory;
    throw std::bad_alloc();
}

}  // namespace

void* operator new(std::size_t size) {
    return counted(size);
}
void* operator new[](std::size_t size) {
    return counted(size);
}
// The library's own would not fit the operators below (std::stable_sort uses it).
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
    return std::malloc(size);
}
void operator delete(void* memory) noexcept {
    std::free(memory);
}
void operator delete[](void* memory) noexcept {
    std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
    std::free(memory);
}
void operator delete[](void* memory, std::size_t) noexcept {
    std::free(memory);
}

using namespace proxyd;
using namespace proxyd::upstream;

namespace {

// What runs once per request, many times.
net::Task<> serve(Backend& backend, net::Waiter& waiter, rules::Context& context, int requests) {
    for (int i = 0; i < requests; ++i) {
        Request request;
        request.context = &context;
        request.waiter = &waiter;
        request.first_request = false;
        Lease lease;
        const Failure failure = co_await backend.acquire(request, lease);
        if (failure != Failure::none) throw std::runtime_error("no connection");
        lease.release();
    }
}

int allocations_of(const std::string& balance, int maxconn) {
    test::TinyServer origin;
    test::TinyServer other;
    BackendSettings settings;
    settings.name = "b";
    settings.balance = balance;
    for (const auto* address : {&origin.address(), &other.address()}) {
        ServerSettings server;
        server.name = "s";
        server.address = *address;
        server.maxconn = maxconn;
        settings.servers.push_back(server);
    }
    state::ProxyState state("b", 1, 1);
    auto backend = std::make_unique<Backend>(settings, state, 1);
    test::Loop loop;
    int warm_up = 0;
    loop.run([&]() -> net::Task<> {
        net::Waiter waiter(loop.worker);
        rules::Context context;
        context.source = *common::Endpoint::from_ip("127.0.0.1", 1);
        allocations = 0;
        counting = true;
        co_await serve(*backend, waiter, context, 50);  // connections, coroutine frames, pools
        warm_up = allocations.exchange(0);
        co_await serve(*backend, waiter, context, 1000);
        counting = false;
    });
    loop.join();
    backend.reset();
    CHECK(warm_up > 0);  // the counter works
    return allocations;
}

}  // namespace

TEST_CASE("acquire and release allocate nothing in the steady state") {
    CHECK(allocations_of("roundrobin", 0) == 0);
    CHECK(allocations_of("roundrobin", 10) == 0);
    CHECK(allocations_of("leastconn", 10) == 0);
    CHECK(allocations_of("source", 0) == 0);
    CHECK(allocations_of("random", 0) == 0);
}
