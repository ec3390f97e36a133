// What a configuration means once it is read.
#include "proxyd/config/model.h"

#include <algorithm>
#include <catch2/catch.hpp>

#include "proxyd/config/keywords.h"

using namespace proxyd;
using namespace std::chrono_literals;

namespace {

std::shared_ptr<const config::Model> read(std::string_view text) {
    common::Diagnostics said;
    auto model = config::load_text(text, "test.cfg", said);
    for (const auto& entry : said.all())
        if (entry.severity == common::Severity::error) UNSCOPED_INFO(common::Diagnostics::format(entry));
    REQUIRE(model);
    return model;
}

const session::ProxySettings& section(const config::Model& model, std::string_view name) {
    const auto* found = model.find(name, false, false);
    REQUIRE(found);
    return *found;
}

std::string first_error(std::string_view text) {
    common::Diagnostics said;
    REQUIRE_FALSE(config::load_text(text, "test.cfg", said));
    const auto it = std::ranges::find(said.all(), common::Severity::error, &common::Diagnostic::severity);
    return it == said.all().end() ? "" : common::Diagnostics::format(*it);
}

}  // namespace

TEST_CASE("a section starts as a copy of its defaults and does not change them") {
    const auto model = read(R"(
defaults
    mode http
    timeout client 5s
    timeout connect 1s
    timeout server 10
    retries 7
    balance leastconn
    option httpclose
    option forwardfor
    default-server check inter 7s weight 9
    errorfile 503 /dev/null
    log 127.0.0.1 local1
frontend f
    bind 127.0.0.1:80
    timeout client 6s
    no option httpclose
    errorloc 503 /sorry
backend b
    server s 127.0.0.1:81 weight 1
defaults
    timeout client 1s
    timeout connect 1s
    timeout server 1s
listen l
    bind 127.0.0.1:82
    server s 127.0.0.1:81
)");
    const auto& f = section(*model, "f");
    CHECK(f.is_frontend);
    CHECK_FALSE(f.is_backend);
    CHECK(f.http_mode);
    CHECK(f.timeouts.client == 6s);
    CHECK(f.keep_alive == session::KeepAlive::keep_alive);
    CHECK(f.forwardfor.enabled);
    CHECK(f.log.targets.size() == 1);
    REQUIRE(f.error_files.contains(503));
    CHECK_FALSE(f.error_files.at(503)->silent);

    const auto& b = section(*model, "b");
    CHECK(b.timeouts.client == 5s);
    CHECK(b.upstream.timeout_connect == 1s);
    CHECK(b.timeouts.server == 10ms);
    CHECK(b.keep_alive == session::KeepAlive::close);
    CHECK(b.upstream.retries == 7);
    CHECK(b.upstream.balance == "leastconn");
    CHECK(b.error_files.at(503)->silent);
    REQUIRE(b.upstream.servers.size() == 1);
    CHECK(b.upstream.servers[0].check.enabled);
    CHECK(b.upstream.servers[0].check.inter == 7s);
    CHECK(b.upstream.servers[0].weight == 1);

    const auto& l = section(*model, "l");
    CHECK(l.is_frontend);
    CHECK(l.is_backend);
    CHECK_FALSE(l.http_mode);
    CHECK(l.upstream.balance == "roundrobin");
    CHECK(l.log.targets.empty());
    CHECK_FALSE(l.upstream.servers[0].check.enabled);
    CHECK(l.error_files.empty());
}

TEST_CASE("rules of named defaults come before a section's own") {
    const auto model = read(R"(
defaults base
    mode http
    timeout client 5s
    acl private src 10.0.0.0/8
    http-request deny if private
frontend f from base
    bind 127.0.0.1:80
frontend g from base
    bind 127.0.0.1:81
    http-request set-header X a
)");
    CHECK_FALSE(section(*model, "f").http_request.empty());
    CHECK(section(*model, "f").acls.find("private") == nullptr);
    CHECK_FALSE(section(*model, "g").http_request.empty());
}

TEST_CASE("addresses end where they are written") {
    const auto model = read(R"(
defaults
    timeout client 5s
    timeout connect 1s
    timeout server 10s
listen l
    bind 127.0.0.1:8000-8002,[::1]:9000 name web
    bind fd@5
    server a 127.0.0.1:80
    server b name.invalid:81 init-addr none
    server c 127.0.0.2
    server d 127.0.0.3:+10
    server e :90
)");
    const auto& l = section(*model, "l");
    REQUIRE(l.binds.size() == 5);
    CHECK(l.binds[0].address.to_string() == "127.0.0.1:8000");
    CHECK(l.binds[2].address.port() == 8002);
    CHECK(l.binds[2].text == "127.0.0.1:8002");
    CHECK(l.binds[3].address.to_string() == "[::1]:9000");
    CHECK(l.binds[3].name == "web");
    CHECK(l.binds[4].inherited_fd == 5);
    CHECK(l.binds[4].address.empty());
    const auto& servers = l.upstream.servers;
    REQUIRE(servers.size() == 5);
    CHECK(servers[0].address.to_string() == "127.0.0.1:80");
    CHECK_FALSE(servers[0].keep_client_port);
    CHECK(servers[1].address.empty());
    CHECK(servers[1].host == "name.invalid");
    CHECK(servers[1].port == 81);
    CHECK(servers[1].init_addr == "none");
    CHECK(servers[2].keep_client_port);
    CHECK(servers[3].keep_client_port);
    CHECK(servers[3].port_offset == 10);
    CHECK(servers[4].client_destination);
    CHECK(servers[4].port == 90);
}

TEST_CASE("log global becomes the targets of global") {
    const auto model = read(R"(
global
    log 127.0.0.1 local0
    log /dev/log local1 notice
    log-tag here
defaults
    log global
    timeout client 1s
    option tcplog
frontend f
    bind 127.0.0.1:80
frontend g
    bind 127.0.0.1:81
    no log
    log stdout format raw daemon
)");
    CHECK(model->global.log.targets.size() == 2);
    const auto& f = section(*model, "f");
    REQUIRE(f.log.targets.size() == 2);
    CHECK(f.log.tag == "here");
    CHECK_FALSE(f.log.format.empty());
    CHECK(f.log.targets[1].kind == observe::LogTarget::Kind::unix_datagram);
    const auto& g = section(*model, "g");
    REQUIRE(g.log.targets.size() == 1);
    CHECK(g.log.targets[0].descriptor == 1);
}

TEST_CASE("backends are found by name, ids are given in order") {
    const auto model = read(R"(
defaults
    mode http
    timeout client 1s
    default_backend b
frontend f
    id 2
    bind 127.0.0.1:80
    use_backend c if { path /c }
    use_backend %[req.hdr(host)]
backend c
backend b
)");
    const auto& f = section(*model, "f");
    CHECK(f.id == 2);
    CHECK(section(*model, "c").id == 3);  // as HAProxy: the place counts on
    CHECK(section(*model, "b").id == 4);
    CHECK(f.default_backend == section(*model, "b").index);
    REQUIRE(f.use_backends.size() == 2);
    CHECK(f.use_backends[0].backend == section(*model, "c").index);
    CHECK_FALSE(f.use_backends[0].condition.unconditional());
    CHECK(f.use_backends[1].backend == -1);
    CHECK_FALSE(f.use_backends[1].name_format.empty());
    CHECK(model->find("b", true, false) == nullptr);
    CHECK(model->find("b", false, true) != nullptr);
}

TEST_CASE("the first stats line of a section starts a page of its own") {
    const auto model = read(R"(
defaults
    mode http
    timeout client 1s
    stats uri /admin
    stats auth a:b
frontend f
    bind 127.0.0.1:80
frontend g
    bind 127.0.0.1:81
    stats refresh 2
)");
    const auto& f = section(*model, "f").stats;
    CHECK(f.enabled);
    CHECK(f.uri == "/admin");
    CHECK(f.users == std::vector<std::string>{"a:b"});
    const auto& g = section(*model, "g").stats;
    CHECK(g.enabled);
    CHECK(g.uri == "/haproxy?stats");
    CHECK(g.users.empty());
    CHECK(g.refresh_s == 2);
}

TEST_CASE("global settings and environment") {
    const auto model = read(R"(
global
    daemon
    maxconn 123
    nbproc 3
    user root
    stats socket /tmp/x.sock mode 600 level admin expose-fd listeners
    stats timeout 5s
    hard-stop-after 10s
    tune.bufsize 32k
    setenv A 1
    control-socket /run/x.sock
)");
    const config::Global& global = model->global;
    CHECK(global.daemon);
    CHECK(global.maxconn == 123);
    CHECK(global.threads == 3);
    CHECK(global.uid == 0);
    CHECK(global.buffer_size == 32768);
    CHECK(global.hard_stop_after == 10s);
    CHECK(global.stats_timeout == 5s);
    CHECK(global.control_socket == "/run/x.sock");
    CHECK(global.environment == std::vector<std::pair<std::string, std::string>>{{"A", "1"}});
    REQUIRE(global.stats_sockets.size() == 1);
    CHECK(global.stats_sockets[0].mode == 0600);
    CHECK(global.stats_sockets[0].level == config::StatsSocket::Level::admin);
    CHECK(global.stats_sockets[0].expose_listeners);
}

TEST_CASE("what no file may hold") {
    using namespace std::string_view_literals;
    CHECK_THAT(first_error("global\n\0"sv), Catch::Contains("test.cfg:2: error: byte 0x00"));
    CHECK_THAT(first_error("\x7f"
                           "ELF\x02\x01"),
               Catch::Contains("test.cfg:1: error: byte 0x7f"));
    std::string many = "global\n";
    for (int i = 0; i < 100'000; ++i) many += "nonsense\n";
    common::Diagnostics said;
    CHECK_FALSE(config::load_text(many, "test.cfg", said));
    CHECK(said.error_count() <= 201);
    CHECK_THAT(said.all().back().message, Catch::Contains("too many errors"));
}

TEST_CASE("files and folders that cannot be read") {
    common::Diagnostics said;
    CHECK_FALSE(config::load({"/no/such/file.cfg"}, said));
    CHECK_THAT(common::Diagnostics::format(said.all()[0]),
               Catch::Contains("cannot open '/no/such/file.cfg'"));
    common::Diagnostics zero;
    CHECK_FALSE(config::load({"/dev/zero"}, zero));
    CHECK_THAT(common::Diagnostics::format(zero.all()[0]), Catch::Contains("is larger than 16 MiB"));
}

TEST_CASE("every row of the keyword tables is told") {
    const std::string text = config::keywords_text();
    for (const std::string_view line :
         {"section\tfrontend <name>\tworks", "\tmaxconn <number>\tworks", "\toption httplog [clf]\tworks",
          "\tnbproc <number>\tremoved", "bind line\tssl\tworks", "server line\tcheck\tworks",
          "\tlua-load ...\tno effect"})
        CHECK_THAT(text, Catch::Contains(std::string(line)));
}
