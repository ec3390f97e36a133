// The dumps and metrics that exporters and scripts parse; the expected forms are those of keepalived 2.2.7.
#include "vrrpd/admin/keepalived_dump.h"

#include <boost/json/parse.hpp>
#include <catch2/catch.hpp>

#include "vrrpd/admin/metrics.h"
#include "vrrpd/config/load.h"

using namespace vrrpd;
using namespace vrrpd::admin;
using namespace std::chrono_literals;

namespace {

constexpr const char* kConfig = R"(
vrrp_script chk {
  script "/bin/true with 'some thing'"
  weight 5
}
track_file tf {
  file "/run/load"
  weight 2
}
vrrp_instance VI_1 {
  state BACKUP
  interface eth0
  virtual_router_id 51
  priority 101
  preempt_delay 3
  authentication {
    auth_type PASS
    auth_pass 1111
  }
  track_script { chk }
  track_interface { eth1 weight -5 }
  track_file { tf }
  notify_master "/bin/true m"
  notify_deleted
  virtual_ipaddress {
    192.168.36.100/24 brd + dev eth0 label eth0:1
    192.168.36.101
  }
  virtual_routes {
    10.1.0.0/16 via 192.168.36.1
  }
  virtual_rules {
    from 10.2.0.0/16 table 100 preference 900
  }
  virtual_ipaddress_excluded {
    fd00::1
    fd00::2/64 preferred_lft 100
  }
})";

struct Sample {
    common::Diagnostics diagnostics;
    config::Config config = config::load_text(kConfig, "test.conf", {"node"}, diagnostics);
    fsm::Params params = config::machine_params(config.instances.at(0));
    fsm::State state;
    engine::Counters counters;

    Dump dump() {
        state.role = fsm::Role::master;
        state.priority = 106;
        state.tracking.delta = 5;
        counters.adverts_sent = 7;
        counters.became_master = 1;
        counters.dropped[static_cast<std::size_t>(packet::DropReason::password)] = 3;
        counters.dropped[static_cast<std::size_t>(packet::DropReason::ttl)] = 2;
        Dump out{config, {}, {}, {}};
        out.instances.push_back({config.instances[0], params, state, counters,
                                 std::chrono::system_clock::time_point(1795371701114440us), true,
                                 [](const config::AddressEntry& entry) { return entry.prefix == 24; }});
        out.result_of = [](const fsm::TrackRule& rule) {
            return fsm::TrackResult{fsm::Health::good, rule.kind == fsm::TrackKind::file ? 3 : 0, ""};
        };
        out.role_of_group = [](const std::string&) { return fsm::Role::backup; };
        return out;
    }
};

bool contains(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("keepalived.json has keepalived's members, in its order and its form") {
    Sample sample;
    const std::string text = keepalived_json(sample.dump());
    CHECK(
        text ==
        R"([{"data":{"iname":"VI_1","dont_track_primary":0,"skip_check_adv_addr":0,"strict_mode":0,)"
        R"("vmac_ifname":"","ifp_ifname":"eth0","master_priority":0,"last_transition":1795371701.114440,)"
        R"("garp_delay":5,"garp_refresh":0,"garp_rep":5,"garp_refresh_rep":1,"garp_lower_prio_delay":5,)"
        R"("garp_lower_prio_rep":5,"lower_prio_no_advert":0,"higher_prio_send_advert":0,"vrid":51,)"
        R"("base_priority":101,"effective_priority":106,"vipset":true,"promote_secondaries":false,)"
        R"("adver_int":1,"master_adver_int":1,"accept":1,"nopreempt":false,"preempt_delay":3,"state":2,)"
        R"("wantstate":2,"version":2,"smtp_alert":false,"notify_deleted":true,)"
        R"("script_master":"'\/bin\/true' 'm'",)"
        R"("vips":["192.168.36.100\/24 brd 192.168.36.255 dev eth0 scope global label eth0:1 set",)"
        R"("192.168.36.101 dev eth0 scope global"],)"
        R"("evips":["fd00::1 dev eth0 scope global deprecated",)"
        R"("fd00::2\/64 dev eth0 scope global preferred_lft 100"],)"
        R"("vroutes":["10.1.0.0\/16 via 192.168.36.1"],"vrules":["from 10.2.0.0\/16 table 100 preference 900"],)"
        R"("track_ifp":["eth1"],"track_script":["'\/bin\/true' 'with' 'some thing'"],)"
        R"("auth_type":1,"auth_data":"1111"},)"
        R"("stats":{"advert_rcvd":0,"advert_sent":7,"become_master":1,"release_master":0,)"
        R"("packet_len_err":0,"advert_interval_err":0,"ip_ttl_err":2,"invalid_type_rcvd":0,)"
        R"("addr_list_err":0,"invalid_authtype":0,"authtype_mismatch":0,"auth_failure":3,)"
        R"("pri_zero_rcvd":0,"pri_zero_sent":0}}])"
        "\n");
    CHECK(boost::json::parse(text).is_array());
}

TEST_CASE("keepalived.stats has keepalived's lines") {
    Sample sample;
    CHECK(
        keepalived_stats(sample.dump()) ==
        "VRRP Instance: VI_1\n  Advertisements:\n    Received: 0\n    Sent: 7\n  Became master: 1\n"
        "  Released master: 0\n  Packet Errors:\n    Length: 0\n    TTL: 2\n    Invalid Type: 0\n"
        "    Advertisement Interval: 0\n    Address List: 0\n  Authentication Errors:\n    Invalid Type: 0\n"
        "    Type Mismatch: 0\n    Failure: 3\n  Priority Zero:\n    Received: 0\n    Sent: 0\n");
}

TEST_CASE("keepalived.data has the lines that are parsed") {
    Sample sample;
    const std::string text = keepalived_data(sample.dump());
    for (const char* line :
         {"------< VRRP Topology >------\n VRRP Instance = VI_1\n   VRRP Version = 2\n   State = MASTER\n",
          "\n   Wantstate = MASTER\n", "\n   Interface = eth0\n", "\n   Virtual Router ID = 51\n",
          "\n   Priority = 101\n   Effective priority = 106\n   Total priority = 106\n   Advert interval = 1 "
          "sec\n",
          "\n   Master down timer = 3585937 usecs\n", "\n   Preempt delay = 3 secs\n",
          "\n   Virtual IP (2):\n     192.168.36.100/24 brd 192.168.36.255 dev eth0 scope global label "
          "eth0:1 set\n",
          "\n   Virtual IP Excluded :\n     fd00::1 dev eth0 scope global deprecated\n",
          "\n   Tracked interfaces :\n     eth1 weight -5\n   Tracked scripts :\n     chk weight 5\n"
          "   Tracked files :\n     tf, weight 2\n",
          "\n   Master state transition script = '/bin/true' 'm'\n",
          "------< VRRP Scripts >------\n VRRP Script = chk\n",
          "\n   Status = GOOD\n   Tracking instances :\n     VI_1",
          "\n Track file = tf\n   File = /run/load\n   Status = 3\n   Weight = 2\n"}) {
        INFO(line);
        CHECK(contains(text, line));
    }
}

TEST_CASE("metrics have the exporters' names, every family once") {
    Sample sample;
    const std::string text = metrics(sample.dump(), {.started = {},
                                                     .reloads = 2,
                                                     .late_timers = {3, std::chrono::milliseconds(12)},
                                                     .release = "a\"b\\c"});
    for (const char* line :
         {"keepalived_up 1\n",
          "keepalived_vrrp_state{iname=\"VI_1\",intf=\"eth0\",vrid=\"51\",ip_address=\"192.168.36.100\"} 2\n",
          "keepalived_vrrp_excluded_state{iname=\"VI_1\",intf=\"eth0\",vrid=\"51\",ip_address=\"fd00::1\"} "
          "2\n",
          "keepalived_advertisements_sent_total{iname=\"VI_1\",intf=\"eth0\",vrid=\"51\",state=\"2\"} 7\n",
          "keepalived_authentication_failure_total{iname=\"VI_1\",intf=\"eth0\",vrid=\"51\",state=\"2\"} 3\n",
          "# TYPE keepalived_become_master_total counter\n", "keepalived_script_status{name=\"chk\"} 1\n",
          "vrrpd_priority{iname=\"VI_1\",intf=\"eth0\",vrid=\"51\"} 106\n",
          "vrrpd_last_transition_seconds{iname=\"VI_1\",intf=\"eth0\",vrid=\"51\"} 1795371701.114\n",
          "vrrpd_adverts_dropped_total{iname=\"VI_1\",intf=\"eth0\",vrid=\"51\",reason=\"",
          "vrrpd_reloads_total 2\n", "vrrpd_late_timers_total 3\n", "vrrpd_latest_timer_seconds 0.012000\n",
          "vrrpd_tracked_good{iname=\"VI_1\",intf=\"eth0\",vrid=\"51\",kind=\"file\",name=\"tf\"} 1\n",
          "vrrpd_info{release=\"a\\\"b\\\\c\"} 1\n"}) {
        INFO(line);
        CHECK(contains(text, line));
    }
    std::set<std::string> families;
    for (std::size_t at = 0; (at = text.find("# TYPE ", at)) != text.npos; ++at) {
        const std::string name = text.substr(at + 7, text.find(' ', at + 7) - at - 7);
        INFO(name);
        CHECK(families.insert(name).second);
    }
    CHECK(families.size() > 25);
}
