// Lines of virtual_routes and virtual_rules. What the kernel makes of them: test/e2e/test_addresses.py.
#include "vrrpd/config/route.h"

#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>

#include <catch2/catch.hpp>

#include "vrrpd/config/iproute_names.h"
#include "vrrpd/config/list_entries.h"
#include "vrrpd/config/load.h"

using namespace vrrpd;
using config::Config;
using config::RouteEntry;
using config::RuleEntry;

namespace {

struct Loaded {
    Config config;
    common::Diagnostics diagnostics;
};

Loaded load(const std::string& block, const std::string& line) {
    Loaded out;
    out.config = config::load_text(block + " {\n" + line + "\n}\n", "test.conf", {"node1"}, out.diagnostics);
    return out;
}

std::optional<RouteEntry> route(const std::string& line) {
    const Loaded got = load("static_routes", line);
    if (got.config.static_routes.empty()) return std::nullopt;
    return got.config.static_routes[0];
}

std::optional<RuleEntry> rule(const std::string& line) {
    const Loaded got = load("static_rules", line);
    if (got.config.static_rules.empty()) return std::nullopt;
    return got.config.static_rules[0];
}

}  // namespace

TEST_CASE("a route's parts") {
    const auto got =
        route("src 10.0.0.9 to 10.1.2.3/16 via 10.0.0.1 dev eth0 table 100 metric 7 tos 0x10 proto static");
    REQUIRE(got);
    CHECK(got->destination.address.to_string() == "10.1.0.0");
    CHECK(got->destination.length == 16);
    CHECK(got->source->to_string() == "10.0.0.9");
    REQUIRE(got->hops.size() == 1);
    CHECK(got->hops[0].gateway->to_string() == "10.0.0.1");
    CHECK(got->hops[0].device == "eth0");
    CHECK(got->table == 100);
    CHECK(got->metric == 7);
    CHECK(got->tos == 0x10);
    CHECK(got->protocol == RTPROT_STATIC);
    CHECK(got->scope == RT_SCOPE_UNIVERSE);
}

TEST_CASE("what a route is when little is said") {
    CHECK(route("10.0.0.0/8 dev eth0")->scope == RT_SCOPE_LINK);
    CHECK(route("10.0.0.0/8 dev eth0")->protocol == config::kProtocolKeepalived);
    CHECK(route("10.0.0.0/8 dev eth0")->table == RT_TABLE_MAIN);
    CHECK(route("local 10.0.0.1 dev eth0")->table == RT_TABLE_LOCAL);
    CHECK(route("local 10.0.0.1 dev eth0")->scope == RT_SCOPE_HOST);
    CHECK(route("blackhole 10.0.0.0/8")->type == RTN_BLACKHOLE);
    CHECK(route("blackhole 10.0.0.0/8")->hops.empty());
    CHECK(route("default via fe80::1 dev eth0")->family == packet::Family::v6);
    CHECK(route("inet6 default dev eth0")->family == packet::Family::v6);
    CHECK(route("::/0 dev eth0")->destination.address.family() == packet::Family::v6);
}

TEST_CASE("several ways") {
    const auto got =
        route("10.0.0.0/8 nexthop via 10.0.0.1 dev a weight 2 nexthop via 10.0.0.2 dev b onlink");
    REQUIRE(got);
    REQUIRE(got->hops.size() == 2);
    CHECK(got->hops[0].weight == 2);
    CHECK(got->hops[1].device == "b");
    CHECK(got->hops[1].onlink);
    CHECK(route("10.0.0.0/8 via 10.0.0.1 or 10.0.0.2")->hops.size() == 2);
    CHECK(route("10.0.0.0/8 dev c nexthop via 10.0.0.1 nexthop via 10.0.0.2")->hops[1].device == "c");
    CHECK(route("10.0.0.0/8 via inet6 fe80::1 dev a")->hops[0].gateway->family() == packet::Family::v6);
}

TEST_CASE("metrics of a route") {
    const auto got =
        route("10.0.0.0/8 dev a mtu lock 1300 rtt 10ms rttvar 0.5s rto_min 7 features ecn congctl reno");
    REQUIRE(got);
    CHECK(got->metrics[RTAX_MTU] == 1300);
    CHECK(got->locked_metrics == 1U << RTAX_MTU);
    CHECK(got->metrics[RTAX_RTT] == 80);
    CHECK(got->metrics[RTAX_RTTVAR] == 2000);
    CHECK(got->metrics[RTAX_RTO_MIN] == 7);
    CHECK(got->metrics[RTAX_FEATURES] == RTAX_FEATURE_ECN);
    CHECK(got->congestion_control == "reno");
}

TEST_CASE("routes that cannot be used are skipped with a complaint") {
    const std::string line =
        GENERATE("dev eth0", "10.0.0.0/8", "10.0.0.0/33 dev a", "10.0.0.0/8 via fe80::1", "10.0.0.0/8 via",
                 "10.0.0.0/8 via x", "10.0.0.0/8 dev a table nonsense", "10.0.0.0/8 dev a mtu",
                 "10.0.0.0/8 dev a mtu big", "10.0.0.0/8 dev a tos 256", "10.0.0.0/8 dev a nexthop weight 0",
                 "inet6 10.0.0.0/8 dev a", "10.0.0.0/8 dev a encap mpls 100",
                 "10.0.0.0/8 dev a rtt 9999999999s", "10.0.0.0/8 dev a rtt");
    CAPTURE(line);
    const Loaded got = load("static_routes", line);
    CHECK(got.config.static_routes.empty());
    CHECK(got.diagnostics.has_warnings());
}

TEST_CASE("a rule's parts") {
    const auto got = rule(
        "not from 10.1.2.3/16 to 10.0.0.0/8 iif a fwmark 7/0xff table main pref 500 uidrange 5-9 sport 80");
    REQUIRE(got);
    CHECK(got->invert);
    CHECK(got->from->address.to_string() == "10.1.0.0");
    CHECK(got->to->length == 8);
    CHECK(got->in_device == "a");
    CHECK(got->mark == 7);
    CHECK(got->mask == 0xff);
    CHECK(got->table == RT_TABLE_MAIN);
    CHECK(got->priority == 500);
    CHECK(got->users == std::pair{5U, 9U});
    CHECK(got->source_ports->second == 80);
    CHECK(rule("from 10.0.0.1 blackhole priority 1")->action == FR_ACT_BLACKHOLE);
    CHECK(rule("from 10.0.0.1 goto 900 priority 1")->target == 900);
    CHECK(rule("from 2001:db8::/32 table 5 priority 1")->family == packet::Family::v6);
    CHECK(rule("ipproto tcp table 5 priority 1")->ip_protocol == 6);
}

TEST_CASE("rules without preference are numbered downwards") {
    const Loaded got = load("static_rules", "from 10.0.0.1 table 5\nfrom 10.0.0.2 table 5");
    REQUIRE(got.config.static_rules.size() == 2);
    CHECK(got.config.static_rules[0].priority == 16384);
    CHECK(got.config.static_rules[1].priority == 16383);
}

TEST_CASE("rules that cannot be used are skipped with a complaint") {
    const std::string line =
        GENERATE("from 10.0.0.1", "from 10.0.0.1 table 0", "from 10.0.0.1 to ::1 table 5", "from x table 5",
                 "table 5 table 6", "table 5 uidrange 9-5", "table 5 sport 0", "table 5 fwmark x",
                 "table 5 pref x", "type nat", "table 5 suppress_prefixlength 129", "from");
    CAPTURE(line);
    const Loaded got = load("static_rules", line);
    CHECK(got.config.static_rules.empty());
    CHECK(got.diagnostics.has_warnings());
}

TEST_CASE("names of iproute2") {
    CHECK(config::find_in_names("# x\n10 ten # comment\n0x11\tseventeen\n", "ten") == 10);
    CHECK(config::find_in_names("0x11\tseventeen\n", "seventeen") == 17);
    CHECK_FALSE(config::find_in_names("10\n ten\n99999999999 big\n", "big"));
    CHECK_FALSE(config::find_in_names("", "ten"));
    CHECK(config::named_number(config::NameKind::scope, "link", 255) == 253);
    CHECK_FALSE(config::named_number(config::NameKind::table, "-1", 255));
    CHECK_FALSE(config::plain_number("0x", 255));
    CHECK_FALSE(config::plain_number("256", 255));
}

TEST_CASE("prefixes lose their host bits") {
    CHECK(config::parse_prefix("10.255.255.255/9")->address.to_string() == "10.128.0.0");
    CHECK(config::parse_prefix("2001:db8::ffff/112")->address.to_string() == "2001:db8::");
    CHECK(config::parse_prefix("10.0.0.1")->length == 32);
    CHECK_FALSE(config::parse_prefix("10.0.0.1/"));
    CHECK_FALSE(config::parse_prefix("10.0.0.1/-1"));
}
