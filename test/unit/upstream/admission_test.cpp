#include "proxyd/upstream/admission.h"

#include <catch2/catch.hpp>

#include <algorithm>
#include <atomic>
#include <deque>
#include <mutex>
#include <thread>

#include "proxyd/upstream/servers.h"

using namespace proxyd;
using namespace proxyd::upstream;

namespace {

std::mutex woken_mutex;
std::deque<std::shared_ptr<Ticket>> woken;  // in the order of waking

void remember(const std::shared_ptr<Ticket>& ticket) {
    const std::lock_guard lock(woken_mutex);
    woken.push_back(ticket);
}

void ignore(const std::shared_ptr<Ticket>&) {}

struct House {
    explicit House(const std::vector<int>& maxconns, const std::string& balance = "roundrobin",
                   Admission::Wake wake = remember) {
        woken.clear();
        settings.name = "b";
        for (std::size_t i = 0; i < maxconns.size(); ++i) {
            ServerSettings server;
            server.name = "s" + std::to_string(i);
            server.maxconn = maxconns[i];
            server.address = *common::Endpoint::from_ip("127.0.0.1", 80);
            settings.servers.push_back(server);
        }
        settings.balance = balance;
        wake_ = wake;
    }

    Admission& admission() {
        if (!admission_) {
            create_servers(settings, state, 1);
            auto selected = balance::select(settings.balance, settings.balance_arguments);
            admission_ = std::make_unique<Admission>(settings, state, std::move(*selected), wake_);
        }
        return *admission_;
    }
    Grant ask(const rules::Context* context = nullptr) {
        return admission().ask({.context = context}, nullptr);
    }
    state::ServerState& server(std::size_t i) { return *state.servers[i]; }

    BackendSettings settings;
    state::ProxyState state{"b", 1, 1};

 private:
    std::unique_ptr<Admission> admission_;
    Admission::Wake wake_ = remember;
};

std::string ask_letters(House& house, int requests) {
    std::string letters;
    for (int i = 0; i < requests; ++i) {
        const Grant grant = house.ask();
        letters += grant.kind == Grant::Kind::slot ? static_cast<char>('a' + grant.server) : '-';
    }
    return letters;
}

}  // namespace

TEST_CASE("backups step in only when no active server is left: the first, or with allbackups all") {
    House house({0, 0, 0, 0});
    house.settings.servers[2].backup = house.settings.servers[3].backup = true;
    CHECK(ask_letters(house, 4) == "abab");
    house.server(0).health = state::Health::down;
    house.server(1).admin = state::Admin::drain;
    house.admission().servers_changed();
    CHECK(ask_letters(house, 3) == "ccc");
    house.server(2).weight = 0;
    house.admission().servers_changed();
    CHECK(ask_letters(house, 2) == "dd");
    house.server(2).weight = 1;
    house.settings.allbackups = true;
    house.admission().servers_changed();
    CHECK(ask_letters(house, 4) == "dcdc");
    for (const auto& server : house.state.servers) server->health = state::Health::down;
    house.admission().servers_changed();
    CHECK(house.ask().kind == Grant::Kind::no_server);
}

TEST_CASE("a freed slot goes to whoever came first") {
    House house({1, 1});
    CHECK(ask_letters(house, 2) == "ab");
    const Grant first = house.ask();
    const Grant second = house.ask();
    const Grant third = house.ask();
    REQUIRE(first.kind == Grant::Kind::wait);
    CHECK(house.state.queued.now() == 3);
    house.admission().free_slot(1);
    REQUIRE(woken.size() == 1);
    CHECK(woken[0] == first.ticket);
    CHECK(woken[0]->server == 1);
    CHECK(woken[0]->position == 1);
    house.admission().give_up(*second.ticket);  // left while queued
    CHECK(second.ticket->position == 2);  // HAProxy logs it so: one was served, it would have been the second
    house.admission().free_slot(0);
    REQUIRE(woken.size() == 2);
    CHECK(woken[1] == third.ticket);
    CHECK(woken[1]->server == 0);
    CHECK(woken[1]->position == 2);
    CHECK(house.state.queued.now() == 0);
    CHECK(house.state.queued.max() == 3);
    CHECK(house.server(0).sessions.now() == 1);
}

TEST_CASE("queues: lower classes first, then by arrival and offset") {
    House house({1});
    CHECK(ask_letters(house, 1) == "a");
    const auto ask = [&](int priority, int offset) {
        rules::Context context;
        context.priority_class = priority;
        context.priority_offset = offset;
        return house.ask(&context).ticket;
    };
    const std::vector<std::shared_ptr<Ticket>> tickets{ask(0, 0), ask(1, 0),     ask(-1, 5000), ask(-1, 0),
                                                       ask(0, 0), ask(0, -5000), ask(2047, 0),  ask(1, -9)};
    for (std::size_t i = 0; i < tickets.size(); ++i) house.admission().free_slot(0);
    std::vector<std::size_t> order;
    for (const auto& ticket : woken)
        order.push_back(static_cast<std::size_t>(std::ranges::find(tickets, ticket) - tickets.begin()));
    CHECK(order == std::vector<std::size_t>{3, 2, 5, 0, 4, 7, 1, 6});
}

TEST_CASE("a slot granted to someone who left meanwhile goes on to the next") {
    House house({1});
    ask_letters(house, 1);
    const Grant first = house.ask();
    const Grant second = house.ask();
    house.admission().free_slot(0);
    house.admission().give_up(*first.ticket);
    REQUIRE(woken.size() == 2);
    CHECK(woken[1] == second.ticket);
    CHECK(house.server(0).sessions.now() == 1);
    house.admission().give_up(*second.ticket);
    CHECK(house.server(0).sessions.now() == 0);
}

TEST_CASE(
    "a bound request waits at its server; the earlier of both queues is served first; maxqueue refuses") {
    House house({1, 1}, "source");
    house.settings.servers[0].maxqueue = house.settings.servers[1].maxqueue = 1;
    rules::Context to_first;
    to_first.source = *common::Endpoint::from_ip("0.0.0.2", 1);
    rules::Context to_second;
    to_second.source = *common::Endpoint::from_ip("0.0.0.1", 1);
    REQUIRE(house.ask(&to_first).server == 0);
    REQUIRE(house.ask(&to_second).server == 1);
    const Grant anyone = house.ask();  // without a key: the backend's queue
    REQUIRE(anyone.kind == Grant::Kind::wait);
    const Grant bound = house.ask(&to_first);
    REQUIRE(bound.kind == Grant::Kind::wait);
    CHECK(house.server(0).queued.now() == 1);
    CHECK(house.state.queued.now() == 1);
    CHECK(house.ask(&to_second).kind == Grant::Kind::wait);
    CHECK(house.ask(&to_first).kind == Grant::Kind::queue_full);  // its key means this server, full or not
    house.admission().free_slot(0);
    REQUIRE(woken.size() == 1);
    CHECK(woken[0] == anyone.ticket);
    house.admission().free_slot(0);
    REQUIRE(woken.size() == 2);
    CHECK(woken[1] == bound.ticket);
}

TEST_CASE(
    "a server that goes down sends its queue to ask again, and one that comes up takes from the backend's "
    "queue") {
    House house({1, 1}, "source");
    rules::Context to_first;
    to_first.source = *common::Endpoint::from_ip("0.0.0.2", 1);
    house.ask(&to_first);
    const Grant bound = house.ask(&to_first);
    REQUIRE(bound.kind == Grant::Kind::wait);
    house.server(0).health = state::Health::down;
    CHECK(house.admission().servers_changed().requeued == 1);
    CHECK(bound.ticket->state == Ticket::State::redistributed);
    CHECK(house.server(0).queued.now() == 0);
    CHECK(house.ask(&to_first).server == 1);
    const Grant anyone = house.ask();
    REQUIRE(anyone.kind == Grant::Kind::wait);
    house.admission().free_slot(0);  // of the server that is down: nobody may have it
    CHECK(anyone.ticket->state == Ticket::State::waiting);
    house.server(0).health = state::Health::up;
    house.admission().servers_changed();
    CHECK(anyone.ticket->state == Ticket::State::granted);
    CHECK(anyone.ticket->server == 0);
}

TEST_CASE("a raised maxconn lets waiting requests go on, a lowered one takes nobody's slot") {
    House house({1});
    ask_letters(house, 1);
    const Grant first = house.ask();
    const Grant second = house.ask();
    house.server(0).maxconn = 2;
    house.admission().servers_changed();
    CHECK(first.ticket->state == Ticket::State::granted);
    CHECK(second.ticket->state == Ticket::State::waiting);
    house.server(0).maxconn = 1;
    house.admission().servers_changed();
    house.admission().free_slot(0);
    CHECK(second.ticket->state == Ticket::State::waiting);
    house.admission().free_slot(0);
    CHECK(second.ticket->state == Ticket::State::granted);
}

TEST_CASE(
    "a server that just refused a request does not get it again from the queue, while there are others") {
    House house({1, 1});
    ask_letters(house, 2);
    const Grant refused = house.admission().ask({.avoid = 0}, nullptr);
    const Grant next = house.ask();
    REQUIRE(refused.kind == Grant::Kind::wait);
    house.admission().free_slot(0);
    CHECK(refused.ticket->state == Ticket::State::waiting);
    REQUIRE(next.ticket->state == Ticket::State::granted);
    CHECK(next.ticket->server == 0);
    house.admission().free_slot(0);
    // Nobody else wants that slot: a newcomer may have it.
    CHECK(house.ask().ticket->state == Ticket::State::granted);
    CHECK(refused.ticket->state == Ticket::State::waiting);
    house.admission().free_slot(1);
    CHECK(refused.ticket->server == 1);
    // The only server left is better than none.
    const Grant again = house.admission().ask({.avoid = 0}, nullptr);
    house.server(1).health = state::Health::down;
    house.admission().servers_changed();
    house.admission().free_slot(0);
    CHECK(again.ticket->state == Ticket::State::granted);
}

TEST_CASE("with minconn the limit follows the backend's load") {
    House house({10});
    house.settings.servers[0].minconn = 2;
    house.settings.fullconn = 20;
    CHECK(ask_letters(house, 3) == "aa-");
    for (int i = 0; i < 10; ++i) house.state.backend.sessions.enter();
    CHECK(ask_letters(house, 3) ==
          "aa-");  // half the load, half of maxconn: 5, of which the queued one took one
    for (int i = 0; i < 10; ++i) house.state.backend.sessions.enter();
    CHECK(ask_letters(house, 6).starts_with("aaa"));
    CHECK(house.server(0).sessions.now() == 10);
}

TEST_CASE("leastconn sees slots that are freed") {
    House house({0, 0, 0}, "leastconn");
    CHECK(ask_letters(house, 6) == "abcabc");
    house.admission().free_slot(1);
    house.admission().free_slot(1);
    CHECK(ask_letters(house, 2) == "bb");
}

TEST_CASE("threads never exceed maxconn, lose no wake-up, and keep the turns exact") {
    constexpr int kThreads = 4;
    constexpr int kRequests = 4000;
    House house({2, 3, 1}, "roundrobin", ignore);
    Admission& admission = house.admission();
    std::vector<std::atomic<int>> now(3);
    std::vector<std::atomic<int>> most(3);
    std::atomic<int> served{0};
    const auto client = [&](int seed) {
        for (int i = 0; i < kRequests; ++i) {
            Grant grant = admission.ask({}, nullptr);
            std::size_t server = grant.server;
            if (grant.kind == Grant::Kind::wait) {
                if ((i + seed) % 7 == 0) {
                    admission.give_up(*grant.ticket);
                    continue;
                }
                while (admission.look(*grant.ticket, server) != Ticket::State::granted)
                    std::this_thread::yield();
            }
            const int count = ++now[server];
            int seen = most[server].load();
            while (seen < count && !most[server].compare_exchange_weak(seen, count)) {
            }
            if (i % 16 == 0) std::this_thread::yield();
            --now[server];
            ++served;
            admission.free_slot(server);
        }
    };
    // More clients than slots, so that the queue is in use.
    std::vector<std::thread> threads;
    for (int i = 0; i < kThreads * 2; ++i) threads.emplace_back(client, i);
    for (std::thread& thread : threads) thread.join();
    for (std::size_t i = 0; i < 3; ++i) {
        CHECK(most[i].load() <= house.settings.servers[i].maxconn);
        CHECK(house.server(i).sessions.now() == 0);
        CHECK(house.server(i).sessions.max() <= house.settings.servers[i].maxconn);
    }
    CHECK(house.state.queued.now() == 0);
    CHECK(served.load() > kRequests * kThreads);
}

TEST_CASE("the order of roundrobin is exact whoever asks") {
    constexpr int kThreads = 4;
    constexpr int kRequests = 3000;
    House house({0, 0, 0}, "roundrobin", ignore);
    Admission& admission = house.admission();
    std::vector<std::atomic<int>> chosen(3);
    std::vector<std::thread> threads;
    for (int t = 0; t < kThreads; ++t)
        threads.emplace_back([&] {
            for (int i = 0; i < kRequests; ++i) ++chosen[admission.ask({}, nullptr).server];
        });
    for (std::thread& thread : threads) thread.join();
    for (const auto& count : chosen) CHECK(count == kThreads * kRequests / 3);
}
