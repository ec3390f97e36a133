// virtual_server and what belongs to it: checked line by line, and told once that it is not served.
#include <catch2/catch.hpp>

#include "vrrpd/config/load.h"

using namespace vrrpd;

namespace {

std::vector<std::string> complaints(const std::string& text) {
    common::Diagnostics diagnostics;
    (void)config::load_text(text, "t", {"node1"}, diagnostics);
    std::vector<std::string> out;
    for (const common::Diagnostic& d : diagnostics.all()) {
        const std::string line = common::Diagnostics::format(d);
        if (line.starts_with("t:") && line[2] != ' ') out.push_back(line);  // not of the file as a whole
    }
    return out;
}

// What is said of one line inside a virtual_server, a real_server or a check; empty: nothing.
std::string said_of(const std::string& before, const std::string& line, const std::string& after) {
    for (const std::string& complaint : complaints(before + "\n" + line + "\n" + after)) {
        if (complaint.starts_with("t:2:")) return complaint.substr(5);
    }
    return {};
}
std::string in_server(const std::string& line) {
    return said_of("virtual_server 10.0.0.1 80 {", line, "real_server 10.1.0.1 80 {\n}\n}\n");
}
std::string in_real_server(const std::string& line) {
    return said_of("virtual_server 10.0.0.1 80 { real_server 10.1.0.1 80 {", line, "}\n}\n");
}
std::string in_check(const std::string& check, const std::string& line) {
    return said_of("virtual_server 10.0.0.1 80 { real_server 10.1.0.1 80 { " + check + " {", line,
                   "}\n}\n}\n");
}

constexpr const char* kWhole = R"(virtual_server_group web {
    192.168.200.1-10 80
    192.168.202.8/29 443
    192.168.200.250-192.168.201.10 80
    2001:db8::1-ff 80
    fwmark 3 inet6
}
virtual_server group web {
    delay_loop 6
    lb_algo wlc
    lb_kind TUN type gue port 6080 csum
    persistence_timeout
    persistence_granularity 255.255.255.0
    protocol TCP
    quorum 2
    hysteresis 1
    quorum_up "/bin/up now"
    sorry_server 10.1.0.9 80
    virtualhost www.example.org
    alpha
    real_server 10.1.0.1 80 {
        weight 3
        inhibit_on_failure
        notify_down /bin/down root
        HTTP_GET {
            url {
                path /
                digest 9b3a0c85a887a256d6939da88aabd8cd
                status_code 200-299 304
                regex "it works"
                regex_options caseless
            }
            http_protocol 1.0C
            connect_port 8080
            connect_timeout 3
            retry 3
            delay_before_retry 1.5
        }
        SMTP_CHECK {
            helo_name lb.example.org
            bindto 10.1.0.200
        }
        DNS_CHECK {
            type A
            name www.example.org
        }
        MISC_CHECK {
            misc_path "/bin/check 10.1.0.1"
            misc_timeout 5
            misc_dynamic
            user nobody
        }
    }
    real_server 10.1.0.2 80 {
        TCP_CHECK {
        }
        PING_CHECK {
            fwmark 7
        }
        UDP_CHECK {
            payload 01 02f 3
            require_reply 0X ff
        }
        FILE_CHECK {
            track_file load
            weight -2 reverse
        }
        BFD_CHECK {
            name neighbour
        }
    }
}
track_file load {
    file /tmp/load
}
)";

}  // namespace

TEST_CASE("a good virtual server has one warning: that it is not served") {
    const std::vector<std::string> said = complaints(kWhole);
    REQUIRE(said.size() == 1);
    CHECK(said[0] ==
          "t:8: warning: 'virtual_server': group web with its 2 real servers is not served: vrrpd does not "
          "balance; give it a listen section in proxyd's haproxy.cfg");
}

TEST_CASE("each virtual server is told of") {
    const std::string one = "virtual_server 10.0.0.1 80 {\nreal_server 10.1.0.1 80 {\n}\n}\n";
    const auto said = complaints(one + one);
    REQUIRE(said.size() == 2);
    CHECK(said[1].starts_with("t:5: warning: 'virtual_server': 10.0.0.1 port 80 with its 1 real server is"));
}

TEST_CASE("lines of a virtual server are checked") {
    struct Row {
        const char *line, *said;
    };
    const Row rows[] = {
        {"delay_loop x", "'x' is no number of seconds"},
        {"lb_algo zz", "'zz' is not known; expected one of rr, wrr"},
        {"lvs_method XX", "'XX' is not known; expected one of NAT, DR, TUN"},
        {"lvs_method DR port 3", "'port' belongs to TUN only"},
        {"lvs_method TUN type gue", "gue tunnels need a port"},
        {"lvs_method TUN type gre port 6080", "gue tunnels need a port, others have none"},
        {"persistence_timeout 99999999", "no number from 1 to 2678400"},
        {"persistence_granularity 255.0.255.0", "has a gap"},
        {"protocol FOO", "expected one of TCP, UDP, SCTP"},
        {"quorum 0", "'0' is no number from 1 to 4294967295"},
        {"hysteresis -1", "no number from 0"},
        {"nat_mask 255.255.255.0", "unknown keyword 'nat_mask'"},
        {"alpha maybe", "'maybe' is neither on"},
        {"ip_family inet7", "expected one of inet, inet6"},
        {"connect_timeout 0", "no number of seconds from 0.000001"},
        {"sorry_server 1.2.3 80", "1.2.3"},
        {"sorry_server 1.2.3.4 70000", "no number from 1 to 65535"},
        {"sorry_server", "a parameter is missing"},
        {"quorum_up", "a parameter is missing"},
    };
    for (const Row& row : rows) {
        INFO(row.line << ": " << in_server(row.line));
        CHECK(in_server(row.line).find(row.said) != std::string::npos);
    }
    CHECK(in_server("persistence_granularity 64").empty());
    CHECK(in_server("lvs_sched WRR").empty());
}

TEST_CASE("lines of a real server are checked") {
    CHECK(in_real_server("weight -1").find("no number from 0 to 2147483647") != std::string::npos);
    CHECK(in_real_server("weight 70000").empty());
    CHECK(in_real_server("uthreshold x").find("no number") != std::string::npos);
    CHECK(in_real_server("SMTP_CHEKC {\n}").find("did you mean") != std::string::npos);
    CHECK(in_real_server("TCP_CHECK").find("'{' is missing") != std::string::npos);
    CHECK(in_server("real_server x 80 {\n}").find("'real_server'") != std::string::npos);
    CHECK(in_server("real_server 10.1.0.1 0 {\n}").find("no number from 1 to 65535") != std::string::npos);
    CHECK(in_server("real_server 10.1.0.1 80").find("'{' is missing") != std::string::npos);
}

TEST_CASE("lines of the checks are checked") {
    struct Row {
        const char *check, *line, *said;
    };
    const Row rows[] = {
        {"HTTP_GET", "http_protocol 2.0", "expected one of 1.0, 1.0C, 1.1"},
        {"SSL_GET", "enable_sni maybe", "neither on"},
        {"HTTP_GET", "url {\n}", "it has no path"},
        {"HTTP_GET", "url { digest zz }", "no MD5 digest"},
        {"HTTP_GET", "url { status_code 99 }", "'99' is no status"},
        {"HTTP_GET", "url { status_code 200-700 }", "'200-700' is no status"},
        {"HTTP_GET", "url { status_code 300-200 }", "'300-200' is no status"},
        {"HTTP_GET", "url { regex_options nocase }", "'nocase' is not known"},
        {"HTTP_GET", "url { regex_stack 20 10 }", "larger than the maximum"},
        {"TCP_CHECK", "connect_port 0", "no number from 1 to 65535"},
        {"TCP_CHECK", "connect_ip x", "'connect_ip'"},
        {"TCP_CHECK", "fwmark -1", "no number from 0"},
        {"TCP_CHECK", "bind_if aaaaaaaaaaaaaaaa", "more than 15 characters"},
        {"TCP_CHECK", "misc_path /x", "unknown keyword 'misc_path' in TCP_CHECK"},
        {"DNS_CHECK", "type Q", "expected one of A, NS"},
        {"DNS_CHECK", "name a..b", "empty label"},
        {"SMTP_CHECK", "helo_name", "a parameter is missing"},
        {"MISC_CHECK", "connect_port 80", "unknown keyword 'connect_port'"},
        {"MISC_CHECK", "misc_timeout x", "no number of seconds"},
        {"UDP_CHECK", "payload xyz", "not hexadecimal"},
        {"UDP_CHECK", "max_reply_length 70000", "no number from 0 to 65535"},
        {"FILE_CHECK", "track_file nix", "track_file 'nix' is not defined"},
        {"FILE_CHECK", "weight 1 foo", "expected reverse or noreverse"},
    };
    for (const Row& row : rows) {
        INFO(row.check << " " << row.line << ": " << in_check(row.check, row.line));
        CHECK(in_check(row.check, row.line).find(row.said) != std::string::npos);
    }
    for (const char* empty : {"HTTP_GET", "MISC_CHECK", "BFD_CHECK", "FILE_CHECK"}) {
        INFO(empty);
        CHECK(in_real_server(empty + std::string(" {\n}")).find("the check does nothing") !=
              std::string::npos);
    }
    CHECK(in_real_server("UDP_CHECK {\nmin_reply_length 300\n}").find("always fail") != std::string::npos);
}

TEST_CASE("what a virtual server is, is checked") {
    const std::string rest = " {\nreal_server 10.1.0.1 80 {\n}\n}\n";
    const auto said = [&](const std::string& head) {
        std::string all;
        for (const std::string& line : complaints(head + rest)) all += line + "\n";
        return all;
    };
    CHECK(said("virtual_server 10.0.0.1").find("without port must be persistent") != std::string::npos);
    CHECK(said("virtual_server 10.0.0.1 70000").find("no number from 1 to 65535") != std::string::npos);
    CHECK(said("virtual_server nohost 80").find("nohost") != std::string::npos);
    CHECK(said("virtual_server fwmark 0").find("no number from 1") != std::string::npos);
    CHECK(said("virtual_server group nope").find("group 'nope' is not defined") != std::string::npos);
    CHECK(said("virtual_server").find("a parameter is missing") != std::string::npos);
    CHECK(complaints("virtual_server 10.0.0.1 80 {\n}\n")[0].find("no real_server") != std::string::npos);
}

TEST_CASE("entries of a virtual_server_group are checked") {
    const auto entry = [](const std::string& line) {
        return said_of("virtual_server_group g {", line, "}\n");
    };
    for (const char* good : {"10.0.0.1 80", "10.0.0.1-1", "10.0.0.0/24 80", "::1-ffff", "fwmark 0"})
        CHECK(entry(good).empty());
    for (const char* bad : {"10.0.0.300 80", "10.0.0.5-4", "10.0.0.5-256", "10.0.0.5-10.0.0.4", "10.0.0.0/33",
                            "10.0.0.1-::1", "::2-1", "::1-10000", "10.0.0.1-"}) {
        INFO(bad);
        CHECK(entry(bad).find("is no address, range of addresses or fwmark") != std::string::npos);
    }
    CHECK(entry("10.0.0.3 99999").find("no number from 1 to 65535") != std::string::npos);
    CHECK(entry("fwmark x").find("no number from 0") != std::string::npos);
    CHECK(entry("fwmark 3 inet7").find("expected inet or inet6") != std::string::npos);
}
