// From text to model. What is complained about, and how, is in test/config/vrrpd.
#include "vrrpd/config/load.h"

#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "test/support/temporary_folder.h"
#include "test/unit/vrrpd_config/loaded.h"

using namespace vrrpd;
using namespace std::chrono_literals;
using config::Config;

namespace {

namespace fs = std::filesystem;

std::string address_entry(const std::string& entry) {
    const Loaded got = load("vrrp_instance A {\ninterface eth0\nvirtual_router_id 1\nvirtual_ipaddress {\n" +
                            entry + "\n}\n}\n");
    if (got.config.instances.at(0).addresses.empty()) return "none";
    const config::AddressEntry& e = got.config.instances[0].addresses[0];
    std::string out = e.address.to_string() + "/" + std::to_string(e.prefix);
    if (!e.device.empty()) out += " dev " + e.device;
    if (!e.label.empty()) out += " label " + e.label;
    if (e.broadcast) out += " brd " + e.broadcast->to_string();
    if (e.broadcast_auto) out += " brd +";
    if (e.peer) out += " peer " + e.peer->to_string();
    if (e.scope) out += " scope " + std::to_string(e.scope);
    return out;
}

struct TempDir : test::TemporaryFolder {
    std::string write(const std::string& name, std::string_view text) const {
        const fs::path file = path() / name;
        fs::create_directories(file.parent_path());
        std::ofstream(file, std::ios::binary) << text;
        return file;
    }
};

Loaded load_file(const std::string& path) {
    Loaded out;
    out.config = config::load(path, {"node1"}, out.diagnostics);
    return out;
}

}  // namespace

TEST_CASE("the tutorial's master") {
    const Loaded got = load(R"(global_defs {
notification_email {
[email protected]
}
notification_email_from [email protected]
smtp_server 192.168.x.x
smtp_connect_timeout 30
router_id LVS_DEVEL
}
#监测haproxy进程状态,每2秒执行一次
vrrp_script chk_haproxy {
script "/usr/local/keepalived/chk_haproxy.sh"
interval 2
weight 2
}
vrrp_instance VI_1 {
state MASTER #标示状态为MASTER
interface eth0
virtual_router_id 51
priority 101 #MASTER权重要高于BACKUP
advert_int 1
mcast_src_ip 192.168.36.129 #Master服务器IP
authentication {
auth_type PASS #主从服务器验证方式
auth_pass 1111
}
track_script {
chk_haproxy #监测haproxy进程状态
}
#VIP
virtual_ipaddress {
192.168.36.100 #虚拟IP
}
})");
    CHECK_FALSE(got.diagnostics.has_errors());
    CHECK(got.complains_of("test.conf:6: warning: smtp_server '192.168.x.x' is no address"));
    const config::Globals& g = got.config.globals;
    CHECK(g.router_id == "LVS_DEVEL");
    CHECK(g.mail.recipients == std::vector<std::string>{"[email protected]"});
    CHECK(g.mail.timeout == 30s);
    REQUIRE(got.config.scripts.size() == 1);
    CHECK(got.config.scripts[0].interval == 2s);
    CHECK(got.config.scripts[0].timeout == 2s);
    CHECK(got.config.scripts[0].command.argv ==
          std::vector<std::string>{"/usr/local/keepalived/chk_haproxy.sh"});
    REQUIRE(got.config.instances.size() == 1);
    const config::Instance& i = got.config.instances[0];
    CHECK(i.name == "VI_1");
    CHECK(i.state_master == true);
    CHECK(i.interface == "eth0");
    CHECK(i.vrid == 51);
    CHECK(i.priority == 101);
    CHECK(i.version == 2);
    CHECK(i.advert_interval == 1s);
    CHECK(i.source->to_string() == "192.168.36.129");
    CHECK(i.auth == packet::AuthType::pass);
    CHECK(i.password == "1111");
    REQUIRE(i.tracks.size() == 1);
    CHECK(i.tracks[0].rule.weight == 2);
    CHECK(i.tracks[0].where.line == 28);
    const fsm::Params params = config::machine_params(i);
    CHECK(params.addresses.size() == 1);
    CHECK(params.addresses[0].interface == "eth0");
    CHECK(params.announcing.repeat == 5);
    CHECK(params.announcing.delay == 5s);
    CHECK(config::multicast_group(g, i).to_string() == "224.0.0.18");
}

TEST_CASE("defaults, and global settings below an instance's own") {
    const config::Instance plain = instance("").config.instances.at(0);
    CHECK(plain.priority == 100);
    CHECK(plain.state_master == false);
    CHECK(plain.auth == packet::AuthType::none);
    CHECK(instance("state MASTER").config.instances.at(0).priority == 255);
    CHECK(instance("priority 255").config.instances.at(0).state_master == true);

    const std::string globals =
        "global_defs {\nvrrp_garp_master_repeat 3\nvrrp_garp_master_delay 2\nvrrp_version 3\n"
        "smtp_alert\nvrrp_down_timer_adverts 5\nvrrp_mcast_group4 224.0.0.99\n}\n";
    const Loaded with = instance("garp_master_repeat 7", globals);
    const config::Instance& i = with.config.instances.at(0);
    CHECK(i.garp.master_repeat == 7);
    CHECK(i.garp.lower_prio_repeat == 7);
    CHECK(i.garp.lower_prio_delay == 2s);
    CHECK(i.version == 3);
    CHECK(i.notify.smtp_alert == true);
    CHECK(i.down_timer_adverts == 5);
    CHECK(config::multicast_group(with.config.globals, i).to_string() == "224.0.0.99");
    // Global settings count wherever they stand.
    const Loaded after =
        load("vrrp_instance A {\ninterface e\nvirtual_router_id 1\nvirtual_ipaddress {\n1.2.3.4\n}\n}\n" +
             globals);
    CHECK(after.config.instances.at(0).version == 3);
    CHECK(instance("", "global_defs {\nvrrp_min_garp\n}\n").config.instances.at(0).garp.master_repeat == 1);
}

TEST_CASE("advert intervals") {
    CHECK(instance("advert_int 3").config.instances[0].advert_interval == 3s);
    CHECK(instance("advert_int 0.1").config.instances[0].advert_interval == 1s);
    CHECK(instance("advert_int 0.1\nversion 3").config.instances[0].advert_interval == 100ms);
    CHECK(instance("advert_int 0.014\nversion 3").config.instances[0].advert_interval == 10ms);
    CHECK(instance("advert_int 60\nversion 3").config.instances[0].advert_interval == 40950ms);
    CHECK(instance("advert_int 0").config.instances[0].advert_interval == 1s);
    CHECK(instance("advert_int abc").config.instances[0].advert_interval == 1s);
}

TEST_CASE("address entries") {
    CHECK(address_entry("10.0.0.1") == "10.0.0.1/32");
    CHECK(address_entry("10.0.0.1/24 dev eth1 label eth1:vip brd 10.0.0.255") ==
          "10.0.0.1/24 dev eth1 label eth1:vip brd 10.0.0.255");
    CHECK(address_entry("10.0.0.1/24 brd + scope link") == "10.0.0.1/24 brd + scope 253");
    CHECK(address_entry("10.0.0.1/33") == "10.0.0.1/32");
    CHECK(address_entry("10.0.0.1 peer 10.0.0.2/32 brd +") == "10.0.0.1/32 peer 10.0.0.2");
    CHECK(address_entry("fe80::1/64 dev eth0") == "fe80::1/64 dev eth0");
    CHECK(address_entry("fe80::1") == "fe80::1/128");
    CHECK(address_entry("fe80::1/64 brd +") == "none");
    CHECK(address_entry("ip/24") == "none");
    CHECK(address_entry("10.0.0.1 label morethanfifteenchars") == "10.0.0.1/32");
    CHECK(address_entry("10.0.0.1 dev") == "10.0.0.1/32");
}

TEST_CASE("IPv6 is version 3") {
    const Loaded got = load(
        "vrrp_instance A {\ninterface eth0\nvirtual_router_id 1\nvirtual_ipaddress "
        "{\nfe80::1\n10.0.0.1\n}\n}\n");
    const config::Instance& i = got.config.instances.at(0);
    CHECK(i.family == packet::Family::v6);
    CHECK(i.version == 3);
    CHECK(i.addresses.size() == 1);
    CHECK(got.complains_of("10.0.0.1 is of another family"));
}

TEST_CASE("tracking: weights of the instance before the script's") {
    const std::string script =
        "vrrp_script chk {\nscript \"a b\"\nweight -5 reverse\nrise 2\nfall 3\ntimeout 1\nuser nobody "
        "nogroup\n}\n";
    const Loaded got = instance(
        "track_script {\nchk\nchk weight 7 noreverse\nchk weight 0\n}\ntrack_interface {\neth1 weight "
        "-10\neth2\n}\n"
        "track_proxy {\nweight 30\n}",
        script);
    CHECK_FALSE(got.diagnostics.has_errors());
    const config::Script& s = got.config.scripts.at(0);
    CHECK(s.command.run_as == config::RunAs{"nobody", "nogroup", false});
    CHECK(s.counts.rise == 2);
    CHECK(s.counts.fall == 3);
    CHECK(s.timeout == 1s);
    std::string rules;
    for (const fsm::TrackRule& rule : config::track_rules(got.config.instances.at(0))) {
        rules += rule.name + ":" + std::to_string(rule.weight) + (rule.reverse ? "r" : "") + " ";
    }
    CHECK(rules == "eth1:-10 eth2:0 proxy:30 chk:-5r chk:7 chk:0r ");
    CHECK(instance("track_proxy").config.instances.at(0).tracks.at(0).rule.weight == 0);
}

TEST_CASE("scripts defined below the instance are found") {
    const Loaded got = load(
        "vrrp_instance A {\ninterface e\nvirtual_router_id 1\nvirtual_ipaddress {\n1.2.3.4\n}\ntrack_script "
        "{\nchk\n}\n}\n"
        "vrrp_script chk {\nscript /bin/true\n}\n");
    CHECK(got.config.instances.at(0).tracks.size() == 1);
}

TEST_CASE("notify, fifos and users") {
    const Loaded got = instance(
        "notify \"/n.sh a b\" root :wheel\nnotify_master /m.sh\nsmtp_alert off\nunicast_src_ip "
        "192.168.36.129\n"
        "unicast_peer {\n192.168.36.154 min_ttl 60 max_ttl 64\n192.168.36.155\n}",
        "global_defs {\nnotify_fifo /run/f root\nscript_user nobody\nsmtp_server mail.example.com 587\n}\n");
    CHECK_FALSE(got.diagnostics.has_warnings());
    const config::Instance& i = got.config.instances.at(0);
    CHECK(i.notify.any.argv == std::vector<std::string>{"/n.sh", "a", "b"});
    CHECK(i.notify.any.run_as == config::RunAs{"root", "wheel", true});
    CHECK(i.notify.smtp_alert == false);
    CHECK(i.unicast());
    CHECK(i.unicast_peers[0].max_ttl == 64);
    CHECK(i.check_unicast_source);
    CHECK(got.config.globals.fifo.owner.user == "root");
    CHECK(got.config.globals.mail.port == 587);
}

TEST_CASE("settings of the link to the proxy") {
    const Loaded got = instance(
        "",
        "global_defs {\nproxy_socket /run/p.sock\ncontrol_socket /run/v.sock\nproxy_health_timeout 300\n"
        "proxy_worker_timeout 2000\nproxy_settle 500\nproxy_settle_max 5000\n}\n");
    CHECK_FALSE(got.diagnostics.has_warnings());
    CHECK(got.config.globals.proxy.socket == "/run/p.sock");
    CHECK(got.config.globals.proxy.health_timeout == 300ms);
    CHECK(got.config.globals.proxy.settle_max == 5s);
    CHECK(got.config.globals.control_socket == "/run/v.sock");
}

TEST_CASE("a text cut at any byte, and CRLF, BOM and a missing last newline") {
    const std::string text =
        "global_defs {\n router_id \"a b\"\n}\nvrrp_instance A {\n interface eth0\n virtual_router_id 7\n"
        " virtual_ipaddress { 10.0.0.1 }\n}";
    for (std::size_t size = 0; size <= text.size(); ++size) {
        CAPTURE(size);
        const Loaded got = load(std::string_view(text).substr(0, size));
        CHECK((got.diagnostics.has_errors() || got.diagnostics.has_warnings() || size == text.size()));
    }
    std::string crlf = "\xef\xbb\xbf";
    for (const char c : text) crlf += c == '\n' ? "\r\n" : std::string(1, c);
    const Loaded got = load(crlf);
    CHECK_FALSE(got.diagnostics.has_warnings());
    CHECK(got.config.globals.router_id == "a b");
    CHECK(got.config.instances.at(0).addresses.size() == 1);
}

TEST_CASE("files: includes relative to the including one, with patterns") {
    const TempDir dir;
    const std::string main = dir.write("main.conf", "include conf.d/*.conf\ninclude nothing/*.conf\n");
    dir.write("conf.d/a.conf", "vrrp_instance A {\ninterface e\nvirtual_router_id 1\ninclude ../vip\n}\n");
    dir.write("conf.d/b.conf", "vrrp_instance B {\ninterface e\nvirtual_router_id 2\ninclude ../vip\n}\n");
    dir.write("vip", "virtual_ipaddress {\n10.0.0.1\n}\nnonsense\n");
    const Loaded got = load_file(main);
    CHECK_FALSE(got.diagnostics.has_errors());
    REQUIRE(got.config.instances.size() == 2);
    CHECK(got.config.instances[1].addresses.size() == 1);
    CHECK(got.complains_of("vip:4: warning: unknown keyword 'nonsense' in vrrp_instance 'A'"));
}

TEST_CASE("files that are refused") {
    const TempDir dir;
    const std::string itself = dir.write("self.conf", "router_id x\ninclude self.conf\n");
    CHECK(load_file(itself).complains_of("self.conf:2: error: '"));
    CHECK(load_file(itself).complains_of("self.conf' includes itself"));

    const std::string circle = dir.write("one.conf", "include two.conf\n");
    dir.write("two.conf", "\ninclude one.conf\n");
    CHECK(load_file(circle).complains_of("two.conf:2: error: '"));

    CHECK(load_file("/nonexistent/x.conf")
              .complains_of("/nonexistent/x.conf: error: cannot open the file: No such file"));
    CHECK(load_file("/tmp").complains_of("error: is a directory"));
    CHECK(load_file("/dev/zero").complains_of("error: larger than 4 MB"));
    struct Case {
        const char* text;
        bool good;
    };
    fs::create_directory(dir.path() / "folder");
    (void)dir.write("there.conf", "# nothing\n");
    const Case cases[] = {
        {"include nothing.conf\n", true},
        {"includer nothing.conf\n", true},
        {"include folder\n", true},
        {"includer folder\n", false},
        {"includem nothing.conf\n", false},
        {"includem nothing*.conf\n", true},
        {"includew nothing*.conf\n", false},
        {"includeb {there,nothing}.conf\n", false},
        {"includeb t{her,h{er}}e.conf\n", true},
        {"includem {there,nothing}.conf\n", true},
        {"includea there.conf\n", true},
        {"global_defs {\ninclude_check\n}\ninclude nothing.conf\n", false},
        {"global_defs {\ninclude_check readable\n}\ninclude nothing.conf\n", true},
        {"global_defs {\ninclude_check match\n}\ninclude nothing.conf\n", false},
        {"global_defs {\ninclude_check +wildcard_match\n}\ninclude no*thing.conf\n", false},
        {"global_defs {\ninclude_check\ninclude_check -wildcard_match\n}\ninclude no*thing.conf\n", true},
    };
    for (const Case& one : cases) {
        INFO(one.text);
        const Loaded got = load_file(dir.write("must.conf", one.text));
        CHECK(got.diagnostics.has_errors() != one.good);
    }
    // What an included file says of them ends with it.
    (void)dir.write("strict.conf", "global_defs {\ninclude_check\n}\n");
    CHECK_FALSE(load_file(dir.write("must.conf", "include strict.conf\ninclude nothing.conf\n"))
                    .diagnostics.has_errors());
    using namespace std::string_view_literals;
    CHECK(load_file(dir.write("nul.conf", "a\nb\0c\n"sv))
              .complains_of("nul.conf:2: error: not a text file: byte 0x00 in column 2"));
    CHECK(load_file(dir.write("elf.conf",
                              "\x7f"
                              "ELF\x02\x01"sv))
              .complains_of("elf.conf:1: error: not a text file: byte 0x7f"));
    CHECK(
        load_file(dir.write("big.conf", std::string(5 << 20, '#'))).complains_of("error: larger than 4 MB"));

    std::string garbage, lines;
    for (int i = 0; i < 150'000; ++i) garbage += "vrrp_instanze x y z\n", lines += "a\nb\n";
    const Loaded wrong = load_file(dir.write("garbage.conf", garbage));
    CHECK(wrong.diagnostics.all().size() < 1010);
    CHECK(wrong.complains_of("garbage.conf:1001: error: too much is wrong here"));
    CHECK(load_file(dir.write("lines.conf", lines))
              .complains_of("lines.conf:200001: error: more than 200000 lines"));
}

TEST_CASE("the printed reference has every keyword once") {
    const std::string reference = config::keyword_reference();
    CHECK(reference.find("vrrp_instance\tvirtual_router_id\tserved\t") != std::string::npos);
    CHECK(reference.find("global_defs\tproxy_socket\tserved\t") != std::string::npos);
    CHECK(reference.find("top level\tvirtual_server\tnot served\t") != std::string::npos);
    std::vector<std::string> keys;
    std::size_t begin = 0;
    for (auto end = reference.find('\n'); end != std::string::npos; end = reference.find('\n', begin)) {
        const std::string line = reference.substr(begin, end - begin);
        const auto second = line.find('\t', line.find('\t') + 1);
        REQUIRE(second != std::string::npos);
        keys.push_back(line.substr(0, second));
        begin = end + 1;
    }
    std::ranges::sort(keys);
    const auto twice = std::ranges::adjacent_find(keys);
    CHECK((twice == keys.end() ? "" : *twice) == std::string());
    CHECK(keys.size() > 240);
}

TEST_CASE("files and processes are tracked with their own weight or the line's") {
    const Loaded got = instance(
        "track_file {\nload\nother weight -3 reverse\n}\n"
        "track_process {\nweb\nnone weight 4\n}\n",
        "vrrp_track_file load {\nfile \"/run/load\"\nweight 2 reverse\ninit_file 7 overwrite\n}\n"
        "track_file other {\nfile /run/other\ninit_file\n}\n"
        "vrrp_track_process web {\nprocess \"/tmp/a b\" one \"two words\"\nquorum 2\nquorum_max 3\ndelay "
        "0.5\n"
        "terminate_delay 2\nparam_match partial\nweight -9\n}\n"
        "vrrp_track_process none {\nprocess nginx\nquorum_max 0\nfull_command\n}\n");
    const auto& files = got.config.track_files;
    REQUIRE(files.size() == 2);
    CHECK(files[0].path == "/run/load");
    CHECK((files[0].weight == 2 && files[0].reverse && files[0].init == 7 && files[0].overwrite));
    CHECK((files[1].weight == 1 && files[1].init == 0 && !files[1].overwrite));
    const auto& processes = got.config.track_processes;
    REQUIRE(processes.size() == 2);
    CHECK(processes[0].argv == std::vector<std::string>{"/tmp/a b", "one", "two words"});
    CHECK((processes[0].quorum == 2 && processes[0].quorum_max == 3));
    CHECK((processes[0].fork_delay == 500ms && processes[0].terminate_delay == 2s));
    CHECK(processes[0].match == config::TrackProcess::Match::partial);
    CHECK((processes[1].quorum == 0 && processes[1].quorum_max == 0 && processes[1].by_command()));

    const auto& tracks = got.config.instances.at(0).tracks;
    REQUIRE(tracks.size() == 4);
    using fsm::TrackKind;
    CHECK((tracks[0].rule.kind == TrackKind::file && tracks[0].rule.weight == 2 && tracks[0].rule.reverse));
    CHECK((tracks[1].rule.name == "other" && tracks[1].rule.weight == -3 && tracks[1].rule.reverse));
    CHECK((tracks[2].rule.kind == TrackKind::process && tracks[2].rule.weight == -9));
    CHECK((tracks[3].rule.name == "none" && tracks[3].rule.weight == 4));
}
