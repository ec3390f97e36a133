#include "proxyd/upstream/server_state_file.h"

#include <catch2/catch.hpp>

#include "proxyd/upstream/servers.h"

using namespace proxyd;
using namespace proxyd::upstream;

namespace {

// As HAProxy 2.6 wrote it.
const std::string kHead =
    "1\n# be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_uweight srv_iweight "
    "srv_time_since_last_change srv_check_status srv_check_result srv_check_health srv_check_state "
    "srv_agent_state bk_f_forced_id srv_f_forced_id srv_fqdn srv_port srvrecord srv_use_ssl srv_check_port "
    "srv_check_addr srv_agent_addr srv_agent_port\n";
const std::string kWeight = "2 l 1 a 127.0.0.9 2 0 5 10 30 1 0 2 0 0 0 0 - 99 - 0 0 - - 0\n";
const std::string kMaintenance = "2 l 2 b 127.0.0.1 0 1 1 1 0 8 2 0 14 0 0 0 - 18282 - 0 0 - - 0\n";
const std::string kDown = "2 l 2 b 127.0.0.1 0 0 1 1 7 8 2 0 6 0 0 0 - 18282 - 0 0 - - 0\n";
const std::string kEnabled = "2 l 3 c 127.0.0.1 2 4 1 1 0 1 0 0 8 0 0 0 - 18283 - 0 0 - - 0\n";
const std::string kDrained = "2 l 4 d 127.0.0.1 2 8 1 1 0 1 0 2 0 0 0 0 - 18284 - 0 0 - - 0\n";
const std::string kNamed = "2 l 5 e 127.0.0.8 2 0 1 1 0 1 0 2 0 0 0 0 localhost 18285 - 0 0 - - 0\n";

SavedServer saved(const std::string& line) {
    auto states = parse_server_states(kHead + line);
    REQUIRE(states);
    REQUIRE(states->complaints.empty());
    REQUIRE(states->servers.size() == 1);
    return states->servers[0];
}

constexpr std::int64_t kNow = 1'700'000'000'000;

struct Bench {
    explicit Bench(const ServerSettings& server) { settings.servers.push_back(server); }
    state::ServerState& apply(const std::string& line) {
        create_servers(settings, proxy, 1);
        apply_saved(saved(line), settings.servers[0], *proxy.servers[0], kNow);
        return *proxy.servers[0];
    }
    BackendSettings settings;
    state::ProxyState proxy{"l", 1, 1};
};

ServerSettings server(const char* ip = "127.0.0.1", std::uint16_t port = 18281) {
    ServerSettings out;
    out.name = "a";
    out.host = ip;
    out.port = port;
    if (auto address = common::Endpoint::from_ip(ip, port))
        out.address = *address;
    else
        out.written_as_name = true;
    return out;
}

}  // namespace

TEST_CASE("Lines of a server state file") {
    const SavedServer a = saved(kWeight);
    CHECK(a.backend == "l");
    CHECK(a.name == "a");
    CHECK(a.id == 1);
    CHECK_FALSE(a.own_id);
    CHECK(a.address.ip() == "127.0.0.9");
    CHECK(a.operation == SavedOperation::running);
    CHECK(a.weight == 5);
    CHECK(a.initial_weight == 10);
    CHECK(a.since_s == 30);
    CHECK(a.port == 99);
    CHECK(a.line == 3);
    CHECK(saved(kNamed).host == "localhost");
    CHECK(saved(kMaintenance).admin == kSavedForcedMaintenance);
}

TEST_CASE("Lines that cannot be read are skipped whole, and told of") {
    const auto states = parse_server_states(kHead + "2 l 1 a\n" + kWeight +
                                            "2 l 1 a 127.0.0.9 9 0 5 10 30 1 0 2 0 0 0 0 - 99\n" +
                                            "2 l 1 a 127.0.0.9 2 0 500 10 30 1 0 2 0 0 0 0 - 99\n" +
                                            "2 l 1 a 127.0.0.9 2 0 5 10 -1 1 0 2 0 0 0 0 - 99\n");
    REQUIRE(states);
    CHECK(states->servers.size() == 1);
    REQUIRE(states->complaints.size() == 4);
    CHECK(states->complaints[0].line == 3);
    CHECK(states->complaints[0].text == "has 4 of 19 columns");
    CHECK(states->complaints[1].line == 5);
    CHECK(states->complaints[1].text == "'9' is no srv_op_state");
    CHECK(states->complaints[2].text == "'500' is no srv_uweight");
    CHECK(states->complaints[3].text == "'-1' is no srv_time_since_last_change");
}

TEST_CASE("What is no server state file") {
    CHECK_FALSE(parse_server_states(""));
    CHECK_FALSE(parse_server_states("2\n" + kWeight));
    const auto wrong = parse_server_states("global\n");
    REQUIRE(!wrong);
    CHECK(wrong.error().text == "line 1: expects the version, which is '1', not 'global'");
}

TEST_CASE("Servers are found by name, else by their own number") {
    auto states =
        parse_server_states(kHead + kWeight + "2 l 77 old 127.0.0.1 2 0 1 1 0 1 0 2 0 0 0 1 - 80 -\n");
    REQUIRE(states);
    ServerSettings wanted = server();
    REQUIRE(find_saved(*states, "l", wanted) != nullptr);
    CHECK(find_saved(*states, "l", wanted)->name == "a");
    CHECK(find_saved(*states, "other", wanted) == nullptr);
    wanted.name = "new";
    CHECK(find_saved(*states, "l", wanted) == nullptr);
    wanted.id = 77;
    REQUIRE(find_saved(*states, "l", wanted) != nullptr);
    CHECK(find_saved(*states, "l", wanted)->name == "old");
}

TEST_CASE("A weight counts as long as the configured one is the same, and a port always") {
    ServerSettings settings = server();
    settings.weight = 10;
    Bench first(settings);
    const state::ServerState& kept = first.apply(kWeight);
    CHECK(kept.weight == 5);
    CHECK(kept.address().to_string() == "127.0.0.1:99");
    CHECK(kept.changed_ms == kNow - 30'000);
    settings.weight = 11;
    Bench second(settings);
    CHECK(second.apply(kWeight).weight == 11);
}

TEST_CASE("Maintenance and drain, against what the configuration says now") {
    ServerSettings settings = server();
    CHECK(Bench(settings).apply(kDrained).admin == state::Admin::drain);
    CHECK(Bench(settings).apply(kMaintenance).admin == state::Admin::maintenance);
    CHECK(Bench(settings).apply(kEnabled).admin == state::Admin::ready);  // no longer disabled
    settings.disabled = true;
    CHECK(Bench(settings).apply(kEnabled).admin == state::Admin::ready);       // an operator had enabled it
    CHECK(Bench(settings).apply(kWeight).admin == state::Admin::maintenance);  // disabled since
}

TEST_CASE("A server that was down begins down, if it is checked") {
    ServerSettings settings = server();
    CHECK(Bench(settings).apply(kDown).health == state::Health::no_check);
    settings.check.enabled = true;
    CHECK(Bench(settings).apply(kDown).health == state::Health::down);
    CHECK(Bench(settings).apply(kMaintenance).health == state::Health::up);
    CHECK(Bench(settings).apply(kWeight).health == state::Health::up);
}

TEST_CASE("The last address of a name") {
    ServerSettings settings = server("localhost", 18285);
    CHECK(Bench(settings).apply(kNamed).address().to_string() == "127.0.0.8:18285");
    settings.init_addr = "libc";
    CHECK(Bench(settings).apply(kNamed).address().empty());
    settings.init_addr = "last,libc";
    settings.host = "elsewhere";
    settings.written_as_name = true;
    CHECK(Bench(settings).apply(kNamed).address().empty());
}
