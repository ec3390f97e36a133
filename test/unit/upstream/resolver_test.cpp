#include "proxyd/upstream/resolver.h"

#include <catch2/catch.hpp>

#include "loop.h"

using namespace proxyd;
using namespace proxyd::upstream;
using namespace std::chrono_literals;

namespace {

struct House {
    ServerSettings& add(const std::string& host, const std::string& init_addr = "last,libc") {
        ServerSettings server;
        server.name = "s" + std::to_string(settings.servers.size() + 1);
        server.host = host;
        server.port = 8080;
        server.init_addr = init_addr;
        return settings.servers.emplace_back(server);
    }
    void resolve() {
        settings.name = "b";
        backend = std::make_unique<Backend>(settings, state, 1);
        resolver.add(*backend, [this](int severity, std::string_view text) {
            lines.push_back(std::to_string(severity) + " " + std::string(text));
        });
        REQUIRE(resolver.resolve_first(10s));
    }
    state::ServerState& server(std::size_t i) { return *state.servers[i]; }

    BackendSettings settings;
    state::ProxyState state{"b", 1, 1};
    std::vector<std::string> lines;
    std::unique_ptr<Backend> backend;
    Resolver resolver;
};

}  // namespace

TEST_CASE("names are resolved at the start; one that is not known leaves its server down") {
    House house;
    house.add("localhost");
    house.add("does-not-exist.invalid");
    house.add("localhost").check.enabled = true;
    house.resolve();
    CHECK(house.server(0).address().port() == 8080);
    CHECK((house.server(0).address().ip() == "127.0.0.1" || house.server(0).address().ip() == "::1"));
    CHECK(house.server(0).usable());
    CHECK(house.server(1).address().empty());
    CHECK(!house.server(1).usable());
    CHECK(house.server(1).check().info == "resolution failed");
    CHECK(!house.server(2).usable());  // its checks decide
    CHECK(!house.server(2).address().empty());
    CHECK(house.state.usable_servers(false) == 1);
    CHECK(std::ranges::any_of(house.lines, [](const std::string& line) {
        return line.starts_with(
            "1 Server b/s2 is DOWN, the name 'does-not-exist.invalid' was not resolved: ");
    }));
    house.resolver.start();
    house.resolver.stop();
}

TEST_CASE("init-addr gives an address instead of an answer, or after a failed one") {
    House house;
    house.add("does-not-exist.invalid", "192.0.2.1");
    house.add("does-not-exist.invalid", "last,libc,192.0.2.2");
    house.add("localhost", "none");
    house.resolve();
    CHECK(house.server(0).address().to_string() == "192.0.2.1:8080");
    CHECK(house.server(1).address().to_string() == "192.0.2.2:8080");
    CHECK(house.server(1).usable());
    CHECK(house.server(2).address().empty());
    CHECK(!house.server(2).usable());
    // What was not asked for at the start is asked for later.
    house.resolver.start();
    CHECK(test::eventually([&] { return house.server(2).usable(); }));
    CHECK(house.server(2).address().port() == 8080);
}

TEST_CASE("nothing to resolve costs nothing") {
    Resolver resolver;
    CHECK(resolver.empty());
    CHECK(resolver.resolve_first());
    resolver.start();
    resolver.stop();
}
