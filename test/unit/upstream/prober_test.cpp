// Health checks against real servers on loopback.
#include "proxyd/upstream/prober.h"

#include <catch2/catch.hpp>

#include <mutex>

#include "loop.h"

using namespace proxyd;
using namespace proxyd::upstream;
using namespace std::chrono_literals;
using test::eventually;
using test::TinyServer;

namespace {

constexpr const char* kOk = "HTTP/1.0 200 OK\r\n\r\nfine";

struct Lines {
    HealthLog sink() {
        return [this](int severity, std::string_view text) {
            const std::lock_guard lock(mutex);
            lines.push_back(std::to_string(severity) + " " + std::string(text));
        };
    }
    bool has(std::string_view part) {
        const std::lock_guard lock(mutex);
        return std::ranges::any_of(
            lines, [part](const std::string& line) { return line.find(part) != std::string::npos; });
    }
    std::size_t count() {
        const std::lock_guard lock(mutex);
        return lines.size();
    }
    std::mutex mutex;
    std::vector<std::string> lines;
};

struct House {
    explicit House(const std::vector<common::Endpoint>& addresses) {
        settings.name = "b";
        for (std::size_t i = 0; i < addresses.size(); ++i) {
            ServerSettings server;
            server.name = "s" + std::to_string(i + 1);
            server.address = addresses[i];
            server.check.enabled = true;
            server.check.inter = 20ms;
            settings.servers.push_back(server);
        }
    }
    void start() {
        backend = std::make_unique<Backend>(settings, state, 1);
        prober.add(*backend, lines.sink());
        prober.start();
    }
    state::Health health(std::size_t i = 0) { return state.servers[i]->health; }
    state::CheckReport check(std::size_t i = 0) { return state.servers[i]->check(); }

    BackendSettings settings;
    state::ProxyState state{"b", 1, 1};
    Lines lines;
    std::unique_ptr<Backend> backend;
    Prober prober;
};

}  // namespace

TEST_CASE("a server that refuses connections goes down with its first check, and up again") {
    auto origin = std::make_unique<TinyServer>();
    const common::Endpoint address = origin->address();
    TinyServer other;
    House house({test::dead_address(), other.address()});
    house.start();
    REQUIRE(eventually([&] { return house.health() == state::Health::down; }));
    REQUIRE(eventually([&] { return house.lines.count() == 1; }));
    CHECK(
        house.lines.lines[0].starts_with("1 Server b/s1 is DOWN, reason: Layer4 connection problem, info: "
                                         "\"Connection refused\", check duration: "));
    CHECK(house.lines.lines[0].ends_with(
        "ms. 1 active and 0 backup servers left. 0 sessions active, 0 requeued, 0 remaining in queue."));
    CHECK(house.check().status == "L4CON");
    CHECK(house.check().failures == 1);
    CHECK(house.check().transitions == 1);
    REQUIRE(eventually([&] { return house.check(1).status == "L4OK"; }));
    CHECK(house.health(1) == state::Health::up);
    house.state.servers[0]->set_address(address);
    REQUIRE(eventually([&] { return house.health() == state::Health::up; }));
    CHECK(eventually([&] {
        return house.lines.has("5 Server b/s1 is UP, reason: Layer4 check passed, check duration: ");
    }));
    CHECK(house.lines.has("2 active and 0 backup servers online. 0 sessions requeued, 0 total in queue."));
}

TEST_CASE("HTTP checks follow the answers, and the last server's end is an emergency") {
    TinyServer origin(kOk);
    origin.close_after_answer = true;
    House house({origin.address()});
    house.settings.http_check.kind = CheckKind::http;
    house.settings.http_check.uri = "/health";
    house.settings.log_health_checks = true;
    house.start();
    REQUIRE(eventually([&] { return house.check().status == "L7OK"; }));
    CHECK(house.check().code == 200);
    CHECK(origin.last_request() == "OPTIONS /health HTTP/1.0\r\n\r\n");
    CHECK(eventually([&] {
        return house.lines.has(
            "5 Health check for server b/s1 succeeded, reason: Layer7 check passed, code: 200, check "
            "duration: ");
    }));
    CHECK(house.lines.has("status: 3/3 UP."));
    origin.set_answer("HTTP/1.0 503 Busy\r\n\r\n");
    REQUIRE(eventually([&] { return house.health() == state::Health::down; }));
    CHECK(house.check().failures == 3);
    CHECK(eventually([&] { return house.lines.has("0 backend b has no server available!"); }));
    CHECK(house.lines.has("reason: Layer7 wrong status, code: 503, info: \"Busy\", check duration: "));
    CHECK(house.lines.has("status: 2/3 UP."));
    CHECK(house.lines.has("status: 0/2 DOWN."));
    // The reason has been told already.
    CHECK(house.lines.has("1 Server b/s1 is DOWN. 0 active and 0 backup servers left."));
    origin.set_answer(kOk);
    REQUIRE(eventually([&] { return house.health() == state::Health::up; }));
    CHECK(house.state.servers[0]->downtime_ms >= 0);
}

TEST_CASE("a silent server times out") {
    TinyServer origin;
    House house({origin.address()});
    house.settings.http_check.kind = CheckKind::http;
    house.settings.timeout_connect = 1s;
    house.settings.timeout_check = 30ms;
    house.start();
    REQUIRE(eventually([&] { return house.health() == state::Health::down; }));
    CHECK(house.check().status == "L7TOUT");
    CHECK(house.check().duration_ms >= 30);
    CHECK(house.lines.has("reason: Layer7 timeout, check duration: "));
}

TEST_CASE("checks that expect TLS from a plain server fail in layer 6") {
    TinyServer origin("not TLS at all\r\n\r\n");
    origin.close_after_answer = true;
    House house({origin.address()});
    house.settings.servers[0].check.tls = true;
    house.settings.servers[0].tls_client.verify = false;
    house.settings.servers[0].check.inter = 200ms;
    house.start();
    REQUIRE(eventually([&] { return house.health() == state::Health::down; }));
    CHECK(house.check().status.starts_with("L6"));
}

TEST_CASE("checks go to the address and port they are given") {
    TinyServer origin;
    House house({test::dead_address()});
    house.settings.servers[0].check.port = origin.address().port();
    house.start();
    REQUIRE(eventually([&] { return house.check().status == "L4OK"; }));
}

TEST_CASE("a server in maintenance is not checked, one without an address neither until it has one") {
    TinyServer origin;
    House house({origin.address(), common::Endpoint()});
    house.settings.servers[0].disabled = true;
    house.settings.servers[1].host = "nowhere.invalid";
    house.start();
    CHECK(house.health(1) == state::Health::down);
    CHECK(house.check(1).info == "resolution failed");
    std::this_thread::sleep_for(80ms);  // several intervals without a check
    CHECK(house.check(0).status == "INI");
    CHECK(origin.accepted() == 0);
    house.state.servers[1]->set_address(origin.address());
    REQUIRE(eventually([&] { return house.health(1) == state::Health::up; }));
}
