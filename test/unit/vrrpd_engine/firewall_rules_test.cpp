#include "vrrpd/engine/firewall_rules.h"

#include <catch2/catch.hpp>

#include "vrrpd/config/load.h"

using namespace vrrpd;
using Catch::Matchers::Contains;

namespace {

std::string script(const std::string& more, const std::string& globals = {},
                   const std::string& vip = "192.168.36.100") {
    common::Diagnostics diagnostics;
    const config::Config config =
        config::load_text("global_defs {\n" + globals +
                              "\n}\nvrrp_instance VI_1 {\ninterface eth0\nvirtual_router_id 51\n"
                              "virtual_ipaddress {\n" +
                              vip + "\n}\n" + more + "\n}\n",
                          "test.conf", {"node1"}, diagnostics);
    return engine::firewall_script(config);
}

}  // namespace

TEST_CASE("no rule where none is asked for") {
    CHECK(script("").empty());
    CHECK(script("accept").empty());
    CHECK(script("version 3\naccept", "vrrp_strict").empty());
}

TEST_CASE("no_accept drops both directions and replaces the table whole") {
    const std::string rules = script("no_accept");
    CHECK_THAT(rules, Contains("delete table ip vrrpd"));
    CHECK_THAT(rules, Contains("type filter hook input priority -1"));
    CHECK_THAT(rules, Contains("ip daddr { 192.168.36.100 } drop"));
    CHECK_THAT(rules, Contains("ip saddr { 192.168.36.100 } drop"));
    CHECK_THAT(rules, !Contains("table ip6 vrrpd {"));
}

TEST_CASE("reports of memberships leave by the interface below a VMAC") {
    const std::string rules = script("use_vmac");
    CHECK_THAT(rules, Contains("oifname \"vrrp.51\" ip protocol igmp dup to ip daddr device \"eth0\" drop"));
    CHECK_THAT(rules, !Contains("192.168.36.100"));
}

TEST_CASE("strict mode means no_accept, but not for an owner") {
    CHECK_THAT(script("", "vrrp_strict"), Contains("drop"));
    CHECK(script("priority 255\nstate MASTER", "vrrp_strict").empty());
}

TEST_CASE("IPv6 addresses go on answering neighbour discovery; link-local ones are meant per interface") {
    const std::string rules = script("no_accept\nuse_vmac", "", "fe80::1\n2001:db8::1");
    CHECK(rules.find("nd-neighbor-solicit") < rules.find("ip6 daddr"));
    CHECK_THAT(rules, Contains("ip6 daddr { 2001:db8::1 } drop"));
    CHECK_THAT(rules, Contains("iifname \"vrrp.51\" ip6 daddr fe80::1 drop"));
    CHECK_THAT(rules, Contains("dup to ip6 daddr device \"eth0\" drop"));
}

TEST_CASE("name, priority and counters are settings") {
    const std::string rules = script("no_accept", "nftables mine\nnftables_priority -20\nnftables_counters");
    CHECK_THAT(rules, Contains("table ip mine {"));
    CHECK_THAT(rules, Contains("priority -20;"));
    CHECK_THAT(rules, Contains("counter drop"));
    CHECK_THAT(script("no_accept", "nftables x;y"), Contains("table ip vrrpd {"));
}
