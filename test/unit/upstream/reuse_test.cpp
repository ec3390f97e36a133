// Idle connections: who keeps them, who may use them, when they go.
#include <catch2/catch.hpp>

#include "farm.h"

using namespace proxyd;
using namespace proxyd::test;
using namespace proxyd::upstream;
using namespace std::chrono_literals;

TEST_CASE("a connection is made, kept, and used again by later requests only") {
    TinyServer origin;
    Farm farm({origin.address()});
    Loop loop;
    rules::Context context;
    CHECK(acquire_once(loop, farm, &context) == Failure::none);
    CHECK(context.server_name == "s0");
    CHECK(context.server == &farm.server(0));
    CHECK(context.times.connected >= context.times.queue_done);
    CHECK(context.times.queue_done > 0);
    CHECK(acquire_once(loop, farm) == Failure::none);
    CHECK(farm.count(&state::Counters::connects) == 1);
    CHECK(farm.count(&state::Counters::reuses) == 1);
    // http-reuse safe: the first request of a client goes on a connection of its own
    CHECK(acquire_once(loop, farm, nullptr, true) == Failure::none);
    CHECK(farm.count(&state::Counters::connects) == 2);
    CHECK(farm.count(&state::Counters::chosen) == 3);
    CHECK(farm.server(0).sessions.now() == 0);
    CHECK(farm.server(0).sessions.max() == 1);
    // No more are kept idle than streams were ever busy at once: clients of one request each do not pile them
    // up.
    CHECK(eventually([&] { return origin.open_connections() == 1; }));
    loop.call([&] { farm.backend().purge_idle(loop.worker, true); });
    CHECK(eventually([&] { return origin.open_connections() == 0; }));
    loop.join();
    farm.destroy();
}

TEST_CASE("http-reuse decides who may use an idle connection") {
    struct Row {
        Reuse reuse;
        std::vector<bool> first;  // requests, one after the other
        std::uint64_t connects;
    };
    const std::vector<Row> rows{
        {Reuse::always, {true, true, true}, 1},
        {Reuse::safe, {true, false, true, false}, 2},
        {Reuse::aggressive, {true, true, false, true, true}, 2},  // proven once it has been used again
        {Reuse::never, {false, false}, 2},
    };
    for (const Row& row : rows) {
        TinyServer origin;
        Farm farm({origin.address()});
        farm.settings.reuse = row.reuse;
        Loop loop;
        for (const bool first : row.first) CHECK(acquire_once(loop, farm, nullptr, first) == Failure::none);
        INFO("reuse " << static_cast<int>(row.reuse));
        CHECK(farm.count(&state::Counters::connects) == row.connects);
        loop.join();
        farm.destroy();
    }
}

TEST_CASE("strict-maxconn: idle connections take room") {
    for (const bool strict : {false, true}) {
        TinyServer origin;
        Farm farm({origin.address()});
        farm.workers = 1;
        farm.settings.servers[0].maxconn = 1;
        farm.settings.servers[0].strict_maxconn = strict;
        Loop loop;
        CHECK(acquire_once(loop, farm) == Failure::none);
        CHECK(eventually([&] { return origin.open_connections() == 1; }));  // idle
        loop.run([&]() -> net::Task<> {
            Client client(loop.worker);
            const Failure failure = co_await farm.backend().acquire(client.request(true), client.lease);
            CHECK(failure == Failure::none);
            CHECK_FALSE(client.lease.reused());
            INFO("strict " << strict);
            CHECK(eventually([&] { return origin.open_connections() == (strict ? 1 : 2); }));
            client.lease.release();
        });
        CHECK(acquire_once(loop, farm) == Failure::none);
        CHECK(farm.count(&state::Counters::reuses) == 1);
        loop.join();
        farm.destroy();
    }
}

TEST_CASE("strict-maxconn with several workers keeps no connections") {
    TinyServer origin;
    Farm farm({origin.address()});
    farm.settings.servers[0].strict_maxconn = true;
    Loop loop;
    for (int i = 0; i < 2; ++i) CHECK(acquire_once(loop, farm) == Failure::none);
    CHECK(farm.count(&state::Counters::reuses) == 1);  // without maxconn it says nothing
    farm.server(0).maxconn = 5;
    for (int i = 0; i < 3; ++i) CHECK(acquire_once(loop, farm) == Failure::none);
    CHECK(farm.count(&state::Counters::reuses) == 2);  // the one from before
    CHECK(eventually([&] { return origin.open_connections() == 0; }));
    loop.join();
    farm.destroy();
}

TEST_CASE("http-reuse never keeps a connection for its own client") {
    TinyServer origin;
    Farm farm({origin.address()});
    farm.settings.reuse = Reuse::never;
    Loop loop;
    loop.run([&]() -> net::Task<> {
        Kept kept;
        for (int i = 0; i < 3; ++i) {
            Client client(loop.worker);
            Request request = client.request(i == 0);
            request.kept = &kept;
            const Failure failure = co_await farm.backend().acquire(request, client.lease);
            CHECK(failure == Failure::none);
            CHECK(client.lease.reused() == (i > 0));
            client.lease.release();
        }
        Client other(loop.worker);
        const Failure failure = co_await farm.backend().acquire(other.request(), other.lease);
        CHECK(failure == Failure::none);
        CHECK(!other.lease.reused());
    });
    CHECK(eventually([&] { return origin.accepted() == 2; }));
    loop.join();
    farm.destroy();
}

TEST_CASE("an idle connection that the server closed or spoke on is not used") {
    for (const bool speak : {false, true}) {
        auto origin = std::make_unique<TinyServer>();
        Farm farm({origin->address()});
        Loop loop;
        CHECK(acquire_once(loop, farm) == Failure::none);
        REQUIRE(eventually([&] { return origin->open_connections() == 1; }));
        if (speak) {
            // Ask for bytes that nobody expects: an answer to no request.
            origin->set_answer("HTTP/1.1 408 Request Time-out\r\n\r\n");
            origin->close_after_answer = true;
            loop.run([&]() -> net::Task<> {
                Client client(loop.worker);
                const Failure failure = co_await farm.backend().acquire(client.request(), client.lease);
                CHECK(failure == Failure::none);
                const std::string request = "GET / HTTP/1.1\r\n\r\n";
                const iovec piece{const_cast<char*>(request.data()), request.size()};
                client.lease.stream().try_write(std::span(&piece, 1));
                client.lease.release();  // with the answer on its way
            });
            REQUIRE(eventually([&] { return origin->open_connections() == 0; }));
        } else {
            origin->stop();
        }
        const std::uint64_t before = farm.count(&state::Counters::reuses);
        // The worker learns of it with its next turn.
        CHECK(eventually([&] {
            loop.call([] {});
            const Failure failure = acquire_once(loop, farm);
            return failure == (speak ? Failure::none : Failure::connect_refused) &&
                   farm.count(&state::Counters::reuses) == before;
        }));
        loop.join();
        farm.destroy();
    }
}

TEST_CASE("idle connections that nobody needs go, half of them each purge delay") {
    TinyServer origin;
    Farm farm({origin.address()});
    farm.settings.servers[0].pool_purge_delay = 20ms;
    Loop loop;
    loop.run([&]() -> net::Task<> {
        std::vector<std::unique_ptr<Client>> clients;
        for (int i = 0; i < 6; ++i) {
            clients.push_back(std::make_unique<Client>(loop.worker));
            const Failure failure =
                co_await farm.backend().acquire(clients.back()->request(), clients.back()->lease);
            CHECK(failure == Failure::none);
        }
        for (const auto& client : clients) client->lease.release();
    });
    CHECK(eventually([&] { return origin.accepted() == 6; }));
    CHECK(eventually([&] { return origin.open_connections() == 0; }));
    loop.join();
    farm.destroy();
}

TEST_CASE("pool-max-conn limits idle connections, a purge delay of zero keeps none") {
    TinyServer origin;
    Farm farm({origin.address()});
    SECTION("limit") {
        farm.settings.servers[0].pool_max_idle = 1;
    }
    SECTION("no delay") {
        farm.settings.servers[0].pool_purge_delay = 0s;
    }
    const int expected = farm.settings.servers[0].pool_max_idle == 1 ? 1 : 0;
    Loop loop;
    loop.run([&]() -> net::Task<> {
        Client one(loop.worker);
        Client two(loop.worker);
        co_await farm.backend().acquire(one.request(), one.lease);
        co_await farm.backend().acquire(two.request(), two.lease);
        one.lease.release();
        two.lease.release();
    });
    REQUIRE(eventually([&] { return origin.accepted() == 2; }));
    CHECK(eventually([&] { return origin.open_connections() == expected; }));
    loop.join();
    farm.destroy();
}
