// From text to model: what few files use.
#include <catch2/catch.hpp>

#include "test/unit/vrrpd_config/loaded.h"

using namespace vrrpd;
using namespace std::chrono_literals;

TEST_CASE("startup and shutdown scripts") {
    const Loaded got = instance("",
                                "global_defs {\nstartup_script \"/bin/a b\" root\nstartup_script_timeout 3\n"
                                "shutdown_script /bin/c\nshutdown_script_timeout 1001\n}\n");
    const config::Globals& g = got.config.globals;
    CHECK(g.startup_script.argv == std::vector<std::string>{"/bin/a", "b"});
    CHECK(g.startup_script.run_as.user == "root");
    CHECK(g.startup_timeout == 3s);
    CHECK(g.shutdown_script.argv == std::vector<std::string>{"/bin/c"});
    CHECK(g.shutdown_timeout == 10s);
    CHECK(got.complains_of("'1001' is no number of seconds from 1 to 1000"));
}

TEST_CASE("the delay after the machine's start counts from there, that of vrrpd from now") {
    const Loaded got = instance("", "global_defs {\nvrrp_startup_delay 5\nvrrp_delay_after_boot 60\n}\n");
    CHECK(config::startup_delay(got.config.globals, 20s) == 40s);
    CHECK(config::startup_delay(got.config.globals, 58s) == 5s);
    CHECK(config::startup_delay(got.config.globals, 24h) == 5s);
    CHECK(config::startup_delay(instance("").config.globals, 24h) == 0s);
}

TEST_CASE("announcements on interfaces that send no adverts") {
    const std::string addresses =
        "use_vmac\nvirtual_ipaddress {\n192.168.36.101\n}\n"
        "virtual_ipaddress_excluded {\n192.168.37.1 dev eth1\n}\n";
    const auto extra = [](const Loaded& got) {
        std::vector<bool> out;
        for (const auto& vip : config::machine_params(got.config.instances.at(0)).addresses)
            out.push_back(vip.extra);
        return out;
    };
    const auto params = [](const Loaded& got) { return config::machine_params(got.config.instances.at(0)); };
    CHECK(params(instance(addresses)).announcing.extra == 0s);
    const Loaded vmacs = instance(addresses + "garp_extra_if 100\n");
    CHECK(params(vmacs).announcing.extra == 100s);
    CHECK(extra(vmacs) == std::vector<bool>{false, false, false});  // the VMAC sends the adverts itself
    CHECK(extra(instance(addresses + "garp_extra_if 100\nvmac_xmit_base\n")) ==
          std::vector<bool>{true, true, false});
    const Loaded all = instance(addresses + "garp_extra_if all 30\n");
    CHECK(params(all).announcing.extra == 30s);
    CHECK(extra(all) == std::vector<bool>{false, false, true});
    const Loaded global = instance(addresses, "global_defs {\nvrrp_garp_extra_if all 40\n}\n");
    CHECK(params(global).announcing.extra == 40s);
    CHECK(extra(global).back());
    CHECK(instance("garp_extra_if 86401").complains_of("from 0 to 86400"));
}

TEST_CASE("defaults of global_defs for checksums and owners, and without a unicast peer") {
    const std::string globals =
        "global_defs {\nvrrp_version 3\nv3_checksum_as_v2\nvrrp_owner_ignore_adverts\n}\n";
    const auto first = [](const Loaded& got) { return got.config.instances.at(0); };
    CHECK(*first(instance("", globals)).v3_checksum_as_v2);
    CHECK(*first(instance("", globals)).owner_ignore_adverts);
    CHECK_FALSE(*first(instance("v3_checksum_as_v2 no", globals)).v3_checksum_as_v2);
    CHECK_FALSE(*first(instance("")).owner_ignore_adverts);

    CHECK(config::machine_params(first(instance("unicast_fault_no_peer"))).no_peer);
    CHECK(instance("unicast_fault_no_peer").complains_of("there is no unicast_peer: it stays in FAULT"));
    CHECK_FALSE(config::machine_params(first(instance("unicast_fault_no_peer\nunicast_peer {\n10.0.0.1\n}")))
                    .no_peer);

    CHECK(first(instance("old_unicast_checksum")).old_unicast_checksum == true);
    CHECK(first(instance("old_unicast_checksum never")).old_unicast_checksum == false);
    CHECK_FALSE(first(instance("")).old_unicast_checksum.has_value());
    CHECK(instance("old_unicast_checksum").complains_of("it changes nothing here"));
}

TEST_CASE("VMACs of single addresses") {
    const auto devices = [](const Loaded& got) {
        const config::Instance& instance = got.config.instances.at(0);
        std::vector<std::string> out;
        for (const auto* list : {&instance.addresses, &instance.excluded_addresses}) {
            for (const config::AddressEntry& entry : *list)
                out.push_back(config::address_device(instance, entry));
        }
        return out;
    };
    using Names = std::vector<std::string>;
    const std::string more =
        "virtual_ipaddress {\n10.1.0.9 dev eth1\n10.1.0.10 dev eth1\n10.2.0.9 dev eth2 use_vmac\n}\n"
        "virtual_ipaddress_excluded {\nfd00::9/64\n}\n";
    // Names as keepalived 2.2.7 gives them.
    const Loaded all = instance(more + "use_vmac\nuse_vmac_addr\n");
    CHECK(devices(all) == Names{"vrrp.51", "vrrp1.51", "vrrp1.51", "vrrp2.51", "vrrp6.51"});
    const auto vmacs = config::vmacs_of(all.config.instances[0]);
    REQUIRE(vmacs.size() == 4);
    CHECK(vmacs[1].below == "eth1");
    CHECK(vmacs[1].mac == packet::virtual_mac(packet::Family::v4, 51));
    CHECK(vmacs[3].below == "eth0");
    CHECK(vmacs[3].mac == packet::virtual_mac(packet::Family::v6, 51));

    CHECK(devices(instance(more)) == Names{"eth0", "eth1", "eth1", "vrrp.51", "eth0"});
    CHECK(devices(instance(more + "use_vmac_addr\n")) ==
          Names{"eth0", "vrrp.51", "vrrp.51", "vrrp1.51", "eth0"});
    CHECK(devices(instance("use_vmac\nvirtual_ipaddress {\n10.1.0.1 use_vmac\n}\n")) ==
          Names{"vrrp.51", "vrrp.51"});
    CHECK(devices(instance(more, "global_defs {\nvmac_addr_prefix eleven_char\n}\n"))[3] == "eleven_char.51");
}

TEST_CASE("random numbers are repeatable behind random_seed") {
    const auto names = [](const std::string& seed) {
        std::string text = seed.empty() ? "" : "global_defs {\nrandom_seed " + seed + "\n}\n";
        for (const char* range : {"", " 3", " 10 12", " 7 7"})
            text += "vrrp_script s${_RANDOM" + std::string(range) + "} {\nscript /bin/true\n}\n";
        std::vector<std::string> out;
        for (const config::Script& script : load(text).config.scripts) out.push_back(script.name);
        return out;
    };
    const auto first = names("42");
    REQUIRE(first.size() == 4);
    CHECK(names("42") == first);
    CHECK(names("43") != first);
    CHECK(std::stoi(first[0].substr(1)) <= 32767);
    CHECK(std::stoi(first[1].substr(1)) >= 3);
    CHECK((first[2] == "s10" || first[2] == "s11" || first[2] == "s12"));
    CHECK(first[3] == "s7");
    CHECK(names("").size() == 4);
    // No range: the word stays.
    CHECK(load("vrrp_script s${_RANDOM 5 4} {\nscript /bin/true\n}\n")
              .config.scripts.at(0)
              .name.find("_RANDOM") != std::string::npos);
}

TEST_CASE("settings of the process") {
    const auto globals = [](const std::string& text) {
        return load("global_defs {\n" + text + "}\n").config.globals;
    };
    CHECK(globals("max_auto_priority\n").auto_priority.most == 99);
    CHECK(globals("max_auto_priority 20\nmin_auto_priority_delay 500000\n").auto_priority.most == 20);
    CHECK(globals("min_auto_priority_delay 500000\n").auto_priority.late == 500ms);
    CHECK(globals("max_auto_priority -1\n").auto_priority.most == 0);
    CHECK(globals("vrrp_cpu_affinity 0 2\n").processors == std::vector<int>{0, 2});
    CHECK(globals("vrrp_rlimit_rttime 10000\n").runaway == 2s);
    CHECK(globals("vrrp_rlimit_rttime 5000000\n").runaway == 5s);
    CHECK(globals("vrrp_process_name sixteen_characters\n").vrrp_process_name == "sixteen_charact");
    CHECK(globals("set_supplementary_groups\n").supplementary_groups);
    CHECK(globals("reload_file\n").reload_mark);
    CHECK(globals("reload_file /tmp/x\n").reload_mark_path == "/tmp/x");
    CHECK(globals("reload_time_file /tmp/t\nreload_repeat\n").reload_time_file == "/tmp/t");
    CHECK(globals("json_version 2\n").dumps.json_version == 2);
}

TEST_CASE("delays of interfaces stay below what the peers wait for") {
    const Loaded got =
        instance("", "interface_up_down_delays {\neth0 1.5 0.25\neth1 5\neth0 7\neth2 300\n}\n");
    REQUIRE(got.config.link_delays.size() == 3);
    CHECK(got.config.link_delays[0].down == 1500ms);
    CHECK(got.config.link_delays[0].up == 250ms);
    CHECK(got.config.link_delays[1].down == 5s);
    CHECK(got.config.link_delays[1].up == 0s);
    CHECK(got.complains_of("test.conf:4: warning: 'eth0': stands here twice"));
    CHECK(got.complains_of("'300' is no number of seconds from 0 to 255"));
    const Loaded reduced = instance("", "interface_up_down_delays {\neth0 5 1\n}\n");
    CHECK(reduced.config.link_delays.at(0).down == 2s);
    CHECK(reduced.complains_of("delays of eth0: reduced below what the peers of VI_1 wait for its adverts"));
}

TEST_CASE("instances follow the static items of their track groups") {
    const Loaded got =
        instance("",
                 "static_ipaddress {\n10.9.0.1/24 dev eth1 track_group G\n10.9.0.2/24 dev eth1 "
                 "track_group H\n}\ntrack_group G {\ngroup {\nVI_1\nVI_2\n}\n}\n"
                 "track_group E {\ngroup {\n}\n}\n");
    const auto rules = config::track_rules(got.config.instances.at(0));
    REQUIRE(rules.size() == 1);
    CHECK(rules[0].kind == fsm::TrackKind::statics);
    CHECK(rules[0].name == "G");
    CHECK(got.complains_of("there is no track_group 'H': nobody minds if this is missing"));
    CHECK(got.complains_of("G: there is no vrrp_instance 'VI_2'"));
    CHECK(got.complains_of("track_group 'E': no static item names it"));
}

TEST_CASE("what instances without addresses say of themselves") {
    const std::string head = "vrrp_instance VI_1 {\ninterface eth0\nvirtual_router_id 51\n";
    CHECK(load(head + "}\n").complains_of("there is no virtual_ipaddress"));
    CHECK_FALSE(load(head + "no_virtual_ipaddress\n}\n").complains_of("there is no virtual_ipaddress"));
    CHECK(load(head + "native_ipv6\n}\n").config.instances.at(0).family == packet::Family::v6);
    CHECK(instance("timer_expired_backup").complains_of("means nothing without nopreempt"));
    CHECK(instance("nopreempt\nstate BACKUP\ntimer_expired_backup 101")
              .config.instances.at(0)
              .expired_priority == 101);
}
