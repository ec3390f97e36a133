#include "proxyd/state/proxy_state.h"

#include <catch2/catch.hpp>

#include <thread>

using namespace proxyd::state;

TEST_CASE("which servers may get new sessions") {
    ProxyState proxy("b", 1, 1);
    for (int i = 1; i <= 4; ++i)
        proxy.servers.push_back(std::make_unique<ServerState>("s" + std::to_string(i), i, 1));
    proxy.servers[3]->backup = true;
    CHECK(proxy.usable_servers(false) == 3);
    CHECK(proxy.usable_servers(true) == 1);

    proxy.servers[0]->health = Health::down;
    proxy.servers[1]->admin = Admin::drain;
    proxy.servers[2]->weight = 0;
    CHECK(proxy.usable_servers(false) == 0);
    proxy.servers[0]->health = Health::up;
    CHECK(proxy.usable_servers(false) == 1);
    proxy.servers[3]->admin = Admin::maintenance;
    CHECK(proxy.usable_servers(true) == 0);
}

TEST_CASE("address and check report are read whole while another thread writes") {
    ServerState server("s", 1, 1);
    const auto first = *common::Endpoint::from_ip("192.0.2.1", 80);
    const auto second = *common::Endpoint::from_ip("2001:db8::1", 443);
    server.set_address(first);
    std::thread writer([&] {
        for (int i = 0; i < 2000; ++i) {
            server.set_address(i % 2 == 0 ? second : first);
            server.set_check(
                {.status = i % 2 == 0 ? "L4CON" : "L7OK", .description = {}, .info = {}, .code = i % 2});
        }
    });
    for (int i = 0; i < 2000; ++i) {
        const auto seen = server.address();
        REQUIRE((seen == first || seen == second));
        const CheckReport report = server.check();
        REQUIRE((report.status == "INI" || (report.status == "L4CON") == (report.code == 0)));
    }
    writer.join();
}
