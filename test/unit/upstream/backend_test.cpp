// Backends with real workers and real sockets on loopback.
#include <catch2/catch.hpp>

#include "farm.h"

using namespace proxyd;
using namespace proxyd::test;
using namespace proxyd::upstream;
using namespace std::chrono_literals;

TEST_CASE("without a usable server the answer is immediate") {
    Farm farm({dead_address()});
    farm.settings.servers[0].disabled = true;
    Loop loop;
    CHECK(acquire_once(loop, farm) == Failure::no_server);
    loop.join();
    farm.destroy();
}

TEST_CASE("a refused connection is tried again at the same server, after a pause, and then given up") {
    Farm farm({dead_address()});
    farm.settings.retries = 2;
    farm.settings.timeout_connect = 30ms;  // also the pause
    Loop loop;
    rules::Context context;
    const auto start = common::Clock::now();
    CHECK(acquire_once(loop, farm, &context) == Failure::connect_refused);
    CHECK(common::Clock::now() - start >= 60ms);
    CHECK(context.retries == 2);
    CHECK(!context.redispatched);
    CHECK(context.server_name == "s0");
    CHECK(context.times.connected == 0);
    CHECK(farm.count(&state::Counters::retries) == 2);
    CHECK(farm.count(&state::Counters::connect_errors) == 1);
    CHECK(farm.server(0).sessions.now() == 0);
    loop.join();
    farm.destroy();
}

TEST_CASE("redispatch goes on to another server at once when servers take turns") {
    TinyServer origin;
    Farm farm({dead_address(), origin.address()});
    farm.settings.redispatch = true;
    farm.settings.redispatch_interval = -1;
    farm.settings.timeout_connect = 10s;  // a pause would be noticed as a hanging test
    Loop loop;
    rules::Context context;
    CHECK(acquire_once(loop, farm, &context) == Failure::none);
    CHECK(context.server_name == "s1");
    CHECK(context.retries == 1);
    CHECK(context.redispatched);
    CHECK(farm.count(&state::Counters::redispatches) == 1);
    CHECK(farm.count(&state::Counters::retries) == 0);
    loop.join();
    farm.destroy();
}

TEST_CASE("with a hash the last retry is redispatched, without the option none is") {
    TinyServer origin;
    for (const bool redispatch : {true, false}) {
        Farm farm({dead_address(), origin.address()});
        farm.settings.balance = "source";
        farm.settings.redispatch = redispatch;
        farm.settings.redispatch_interval = -1;
        farm.settings.retries = 2;
        farm.settings.timeout_connect = 20ms;
        Loop loop;
        Failure failure = Failure::stopping;
        loop.run([&]() -> net::Task<> {
            Client client(loop.worker);
            client.context.source = *common::Endpoint::from_ip("0.0.0.2", 1);
            failure = co_await farm.backend().acquire(client.request(), client.lease);
            CHECK(client.context.retries == 2);
        });
        CHECK(failure == (redispatch ? Failure::none : Failure::connect_refused));
        CHECK(farm.count(&state::Counters::retries) == (redispatch ? 1 : 2));
        loop.join();
        farm.destroy();
    }
}

TEST_CASE("a server that does not answer the connect is a timeout") {
    // A listening socket whose queue is full drops further SYNs.
    common::UniqueFd full(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    common::Endpoint address = *common::Endpoint::from_ip("127.0.0.1", 0);
    ::bind(full.get(), address.data(), address.size());
    socklen_t size = common::Endpoint::capacity();
    ::getsockname(full.get(), address.data(), &size);
    ::listen(full.get(), 0);
    std::vector<common::UniqueFd> fill;
    for (int i = 0; i < 4; ++i) {
        fill.emplace_back(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
        ::connect(fill.back().get(), address.data(), address.size());
    }
    Farm farm({address});
    farm.settings.retries = 1;
    farm.settings.timeout_connect = 40ms;
    Loop loop;
    CHECK(acquire_once(loop, farm) == Failure::connect_timeout);
    loop.join();
    farm.destroy();
}

TEST_CASE("a request waits for a slot, is woken on its own worker, and gives up after timeout queue") {
    TinyServer origin;
    Farm farm({origin.address()});
    farm.settings.servers[0].maxconn = 1;
    farm.settings.timeout_queue = 5s;
    Backend& backend = farm.backend();
    Loop one(0);
    Loop two(1);
    auto holder = std::make_unique<std::optional<Client>>();
    one.run([&]() -> net::Task<> {
        holder->emplace(one.worker);
        co_await backend.acquire((*holder)->request(), (*holder)->lease);
    });
    Failure failure = Failure::stopping;
    rules::Context context;
    auto waiting = two.start([&] { return once(two.worker, backend, failure, &context); });
    REQUIRE(eventually([&] { return farm.state.queued.now() == 1; }));
    one.call([&] { (*holder)->lease.release(); });
    waiting.wait();
    CHECK(failure == Failure::none);
    CHECK(context.backend_queue == 1);
    CHECK(context.server_queue == 0);
    CHECK(farm.state.queued.now() == 0);

    farm.settings.timeout_queue = 30ms;
    one.run([&]() -> net::Task<> { co_await backend.acquire((*holder)->request(), (*holder)->lease); });
    two.run([&] { return once(two.worker, backend, failure, &context); });
    CHECK(failure == Failure::queue_timeout);
    CHECK(context.server_name == "<NOSRV>");
    CHECK(farm.state.queued.now() == 0);
    one.call([&] { holder->reset(); });
    CHECK(farm.server(0).sessions.now() == 0);
    one.join();
    two.join();
    farm.destroy();
}

TEST_CASE("a client that leaves gives up its place in the queue or its connection attempt") {
    TinyServer origin;
    Farm farm({origin.address()});
    farm.settings.servers[0].maxconn = 1;
    farm.settings.timeout_queue = 5s;
    Backend& backend = farm.backend();
    Loop loop;
    Failure failure = Failure::none;
    bool gone = false;
    bool input_left = false;
    std::unique_ptr<Client> holder;
    loop.run([&]() -> net::Task<> {
        holder = std::make_unique<Client>(loop.worker);
        co_await backend.acquire(holder->request(), holder->lease);
    });
    Client* client = nullptr;
    auto waiting = loop.start([&]() -> net::Task<> {
        Client own(loop.worker);
        client = &own;
        Request request = own.request();
        request.abort_on_client_close = true;
        request.client_gone = [](void* flag) { return *static_cast<bool*>(flag); };
        request.client_gone_argument = &gone;
        failure = co_await backend.acquire(request, own.lease);
        // Input that was no goodbye is left for the session.
        input_left = (own.waiter.pending() & net::Waiter::kClientIn) != 0U;
    });
    REQUIRE(eventually([&] { return farm.state.queued.now() == 1; }));
    SECTION("gone") {
        gone = true;
        loop.call([&] { client->waiter.set(net::Waiter::kClientIn); });
        waiting.wait();
        CHECK(failure == Failure::client_left_queue);
        CHECK(!input_left);
        loop.call([&] { holder.reset(); });
    }
    SECTION("a pipelined request is no goodbye") {
        loop.call([&] { client->waiter.set(net::Waiter::kClientIn); });
        loop.call([&] { holder.reset(); });
        waiting.wait();
        CHECK(failure == Failure::none);
        CHECK(input_left);
    }
    SECTION("worker ends meanwhile") {
        loop.join();  // unwinds the coroutine
        CHECK(farm.state.queued.now() == 0);
        holder.reset();
    }
    CHECK(farm.server(0).sessions.now() == 0);
    CHECK(farm.state.queued.now() == 0);
    loop.join();
    farm.destroy();
}

TEST_CASE("a server that fails makes its queue go elsewhere and its idle connections close") {
    TinyServer first;
    TinyServer second;
    Farm farm({first.address(), second.address()});
    farm.settings.balance = "source";
    farm.settings.servers[0].maxconn = 1;
    farm.settings.timeout_queue = 5s;
    Backend& backend = farm.backend();
    Loop loop;
    const auto to_first = *common::Endpoint::from_ip("0.0.0.2", 1);
    std::unique_ptr<Client> holder;
    loop.run([&]() -> net::Task<> {
        holder = std::make_unique<Client>(loop.worker);
        holder->context.source = to_first;
        co_await backend.acquire(holder->request(), holder->lease);
    });
    std::string chosen;
    auto waiting = loop.start([&]() -> net::Task<> {
        Client client(loop.worker);
        client.context.source = to_first;
        const Failure failure = co_await backend.acquire(client.request(), client.lease);
        if (failure == Failure::none) chosen = client.context.server_name;
    });
    REQUIRE(eventually([&] { return farm.server(0).queued.now() == 1; }));
    farm.server(0).health = state::Health::down;
    CHECK(backend.servers_changed() == 1);
    waiting.wait();
    CHECK(chosen == "s1");
    loop.call([&] {
        holder->lease.release();  // to a server that is down: not kept
        holder.reset();
    });
    CHECK(eventually([&] { return first.open_connections() == 0; }));
    loop.join();
    farm.destroy();
}

TEST_CASE("a lease that a dead reused connection broke is connected anew at the same server") {
    TinyServer origin;
    Farm farm({origin.address()});
    Loop loop;
    CHECK(acquire_once(loop, farm) == Failure::none);
    loop.run([&]() -> net::Task<> {
        Client client(loop.worker);
        Failure failure = co_await farm.backend().acquire(client.request(), client.lease);
        CHECK(failure == Failure::none);
        CHECK(client.lease.reused());
        failure = co_await farm.backend().reacquire(client.request(), client.lease);
        CHECK(failure == Failure::none);
        CHECK(!client.lease.reused());
        CHECK(farm.server(0).sessions.now() == 1);
    });
    CHECK(farm.server(0).sessions.now() == 0);
    loop.join();
    farm.destroy();
}

TEST_CASE("workers under load never exceed maxconn and serve everyone") {
    TinyServer origin;
    TinyServer other;
    Farm farm({origin.address(), other.address()});
    for (ServerSettings& server : farm.settings.servers) server.maxconn = 2;
    farm.settings.timeout_queue = 60s;
    Backend& backend = farm.backend();
    constexpr int kClients = 6;
    constexpr int kRequests = 60;
    std::atomic<int> served{0};
    std::vector<std::unique_ptr<Loop>> loops;
    std::vector<std::future<void>> done;
    for (int i = 0; i < Farm::kWorkers; ++i) loops.push_back(std::make_unique<Loop>(i));
    for (auto& loop : loops)
        for (int i = 0; i < kClients; ++i)
            done.push_back(loop->start([&backend, &served, worker = &loop->worker]() -> net::Task<> {
                Client client(*worker);
                for (int k = 0; k < kRequests; ++k) {
                    const Failure failure = co_await backend.acquire(client.request(), client.lease);
                    if (failure != Failure::none) continue;
                    // Others run while this one holds its slot.
                    co_await client.waiter.wait(0, worker->now() + std::chrono::microseconds(100));
                    ++served;
                    client.lease.release();
                }
            }));
    for (auto& future : done) future.wait();
    CHECK(served == Farm::kWorkers * kClients * kRequests);
    for (std::size_t i = 0; i < 2; ++i) {
        CHECK(farm.server(i).sessions.max() <= 2);
        CHECK(farm.server(i).sessions.now() == 0);
    }
    for (auto& loop : loops) loop->join();
    farm.destroy();
}
