// Every keyword that keepalived knows (manual of 2.2.7, and what later releases added) is known here, too:
// served, or taken with a sentence that says why it has no effect.
#include <catch2/catch.hpp>

#include "common/text.h"
#include "vrrpd/config/keyword.h"
#include "vrrpd/config/load.h"

using namespace vrrpd;

namespace {

// A place in the file: what stands before and behind a line there, and the words that may begin it.
struct Place {
    const char* before;
    const char* behind;
    const char* names;
};

constexpr Place kPlaces[] = {
    {"", "",
     "global_defs linkbeat_use_polling net_namespace net_namespace_ipvs namespace_with_ipsets use_pid_dir "
     "instance "
     "child_wait_time linkbeat_interfaces interface_up_down_delays track_group static_ipaddress "
     "static_routes "
     "static_rules garp_group vrrp_sync_group vrrp_instance vrrp_script track_file vrrp_track_file "
     "vrrp_track_process bfd_instance virtual_server_group virtual_server SSL"},
    {"global_defs {\n", "}\n",
     "router_id script_user enable_script_security vrrp_version notification_email notification_email_from "
     "smtp_server smtp_connect_timeout smtp_helo_name smtp_alert smtp_alert_vrrp smtp_alert_checker "
     "checker_log_all_failures no_checker_emails no_email_faults vrrp_garp_master_delay "
     "vrrp_garp_master_repeat "
     "vrrp_garp_master_refresh vrrp_garp_master_refresh_repeat vrrp_garp_lower_prio_delay "
     "vrrp_garp_lower_prio_repeat vrrp_garp_interval vrrp_gna_interval vrrp_min_garp vrrp_garp_extra_if "
     "vrrp_vmac_garp_intvl vrrp_down_timer_adverts vrrp_lower_prio_no_advert vrrp_higher_prio_send_advert "
     "vrrp_owner_ignore_adverts vrrp_mcast_group4 vrrp_mcast_group6 default_interface dynamic_interfaces "
     "vrrp_check_unicast_src vrrp_skip_check_adv_addr vrrp_strict v3_checksum_as_v2 notify_fifo "
     "notify_fifo_script vrrp_notify_fifo vrrp_notify_fifo_script vrrp_notify_priority_changes "
     "fifo_write_vrrp_states_on_reload vrrp_startup_delay vrrp_delay_after_boot log_unknown_vrids "
     "max_auto_priority min_auto_priority_delay vrrp_rt_priority vrrp_priority vrrp_no_swap "
     "vrrp_cpu_affinity "
     "vrrp_rlimit_rttime vrrp_rlimit_rtime checker_priority checker_no_swap checker_rt_priority "
     "checker_cpu_affinity checker_rlimit_rttime bfd_priority bfd_no_swap bfd_rt_priority bfd_cpu_affinity "
     "bfd_rlimit_rttime process_names process_name vrrp_process_name checker_process_name bfd_process_name "
     "startup_script startup_script_timeout shutdown_script shutdown_script_timeout nftables "
     "nftables_priority "
     "nftables_counters nftables_ifindex nftables_ipvs nftables_ipvs_priority nftables_ipvs_start_fwmark "
     "vrrp_iptables vrrp_ipsets disable_local_igmp snmp_socket enable_traps enable_snmp_vrrp "
     "enable_snmp_keepalived enable_snmp_rfc enable_snmp_rfcv2 enable_snmp_rfcv3 enable_snmp_checker "
     "snmp_vs_stats_update_interval snmp_rs_stats_update_interval enable_dbus dbus_service_name "
     "dbus_no_interface_name vrrp_netlink_cmd_rcv_bufs vrrp_netlink_cmd_rcv_bufs_force "
     "vrrp_netlink_monitor_rcv_bufs vrrp_netlink_monitor_rcv_bufs_force lvs_netlink_cmd_rcv_bufs "
     "lvs_netlink_cmd_rcv_bufs_force lvs_netlink_monitor_rcv_bufs lvs_netlink_monitor_rcv_bufs_force "
     "process_monitor_rcv_bufs process_monitor_rcv_bufs_force vrrp_rx_bufs_policy vrrp_rx_bufs_multiplier "
     "vmac_prefix vmac_addr_prefix umask random_seed reload_check_config reload_time_file reload_repeat "
     "reload_file include_check config_save_dir tmp_config_directory use_symlink_paths "
     "set_supplementary_groups data_use_instance state_dump_file stats_dump_file json_dump_file json_version "
     "iproute_usr_dir iproute_etc_dir lvs_sync_daemon lvs_timeouts lvs_flush lvs_flush_on_stop "
     "lvs_notify_fifo lvs_notify_fifo_script rs_init_notifies linkbeat_use_polling"},
    {"vrrp_instance VI {\n", "}\n",
     "state interface virtual_router_id priority advert_int authentication virtual_ipaddress track_script "
     "track_interface nopreempt preempt mcast_src_ip unicast_src_ip unicast_peer notify_master notify_backup "
     "notify_fault notify_stop notify smtp_alert version preempt_delay virtual_ipaddress_excluded "
     "virtual_routes virtual_rules garp_master_delay garp_master_repeat garp_master_refresh "
     "garp_master_refresh_repeat garp_lower_prio_delay garp_lower_prio_repeat down_timer_adverts "
     "lower_prio_no_advert higher_prio_send_advert dont_track_primary track_file track_process track_bfd "
     "track_src_ip use_vmac vmac_xmit_base use_vmac_addr use_ipvlan accept no_accept notify_deleted "
     "notify_master_rx_lower_pri notify_priority_changes skip_check_adv_addr strict_mode check_unicast_src "
     "unicast_ttl unicast_fault_no_peer mcast_dst_ip promote_secondaries old_unicast_checksum "
     "v3_checksum_as_v2 timer_expired_backup thread_timer_expired owner_ignore_adverts no_virtual_ipaddress "
     "auth_hmac native_ipv6 vrf garp_extra_if vmac_garp_intvl kernel_rx_buf_size linkbeat_use_polling "
     "lvs_sync_daemon_interface debug"},
    {"vrrp_instance VI {\nauthentication {\n", "}\n}\n", "auth_type auth_pass"},
    {"vrrp_sync_group G {\n", "}\n",
     "group track_interface track_script track_file track_process track_bfd notify_master notify_backup "
     "notify_fault notify_stop notify smtp_alert notify_priority_changes sync_group_tracking_weight "
     "global_tracking"},
    {"garp_group {\n", "}\n", "garp_interval gna_interval interface interfaces"},
    {"track_group G {\n", "}\n", "group"},
    {"vrrp_script S {\n", "}\n", "script interval timeout weight rise fall init_fail user"},
    {"track_file F {\n", "}\n", "file weight init_file"},
    {"vrrp_track_process P {\n", "}\n",
     "process param_match weight quorum quorum_max fork_delay terminate_delay delay full_command"},
};

// Words of entries, each behind the head of one.
constexpr Place kEntries[] = {
    {"static_ipaddress {\n10.0.0.1/24 dev eth0 ", "\n}\n",
     "dev brd broadcast scope label peer home -nodad mngtmpaddr noprefixroute autojoin no_track "
     "preferred_lft "
     "use_vmac track_group"},
    {"static_routes {\n10.0.0.0/24 dev eth0 ", "\n}\n",
     "inet inet6 to via gw or dev oif src table vrf tos dsfield proto protocol scope metric priority "
     "preference "
     "expires mtu advmss rtt rttvar reordering window cwnd ssthresh rto_min hoplimit initcwnd initrwnd "
     "quickack "
     "features congctl realms pref fastopen_no_cookie ttl-propagate onlink encap nexthop weight add append "
     "prepend no_track track_group unicast local broadcast multicast throw unreachable prohibit blackhole"},
    {"static_rules {\ntable 100 preference 200 ", "\n}\n",
     "inet inet6 not from to iif dev oif tos dsfield fwmark table lookup preference order priority goto nop "
     "type "
     "realms suppress_prefixlength suppress_ifgroup l3mdev uidrange ipproto sport dport protocol tunnel-id "
     "no_track track_group"},
};

std::string complaints(const std::string& text) {
    common::Diagnostics diagnostics;
    (void)config::load_text(text, "test.conf", {"node1"}, diagnostics);
    std::string out;
    for (const common::Diagnostic& one : diagnostics.all()) out += common::Diagnostics::format(one) + "\n";
    return out;
}

std::vector<std::string> names_of(const Place& place) {
    std::vector<std::string> out;
    for (const std::string_view name : common::split(place.names, ' ')) {
        if (!name.empty()) out.emplace_back(name);
    }
    return out;
}

}  // namespace

TEST_CASE("no keyword of keepalived is unknown") {
    std::size_t count = 0;
    for (const Place& place : kPlaces) {
        for (const std::string& name : names_of(place)) {
            const std::string said = complaints(place.before + name + " 1 {\n}\n" + place.behind);
            INFO(place.before << name << "\n" << said);
            CHECK(said.find("unknown keyword '" + name + "'") == said.npos);
            ++count;
        }
        // The test can fail.
        CHECK(complaints(std::string(place.before) + "nonsense 1\n" + place.behind)
                  .find("unknown keyword 'nonsense'") != std::string::npos);
    }
    CHECK(count > 270);
}

TEST_CASE("no word of an entry is unknown") {
    for (const Place& place : kEntries) {
        for (const std::string& name : names_of(place)) {
            const std::string said = complaints(place.before + name + " 1" + place.behind);
            INFO(place.before << name << "\n" << said);
            CHECK(said.find("'" + name + "' is not understood") == said.npos);
        }
        CHECK(complaints(std::string(place.before) + "nonsense" + place.behind)
                  .find("'nonsense' is not understood") != std::string::npos);
    }
}

TEST_CASE("what has no effect says why") {
    using config::Effect;
    const auto check = [](const auto& table) {
        for (const auto& row : table) {
            INFO(row.name);
            CHECK_FALSE(row.help.empty());
            CHECK(row.help.find("yet") == row.help.npos);
            // Served is what has a function.
            if (row.effect == Effect::full) CHECK(row.apply != nullptr);
            // A reason is a sentence, not a list of arguments.
            if (row.apply == nullptr && row.effect != Effect::lvs) CHECK(row.help.find(' ') != row.help.npos);
        }
    };
    check(config::top_keywords());
    check(config::global_keywords());
    check(config::process_keywords());
    check(config::instance_keywords());
    check(config::notify_keywords());
    check(config::track_keywords());
    check(config::script_keywords());
    check(config::track_file_keywords());
    check(config::track_process_keywords());
    check(config::sync_group_keywords());
    check(config::garp_group_keywords());
    check(config::track_group_keywords());

    struct Case {
        const char* text;
        const char* said;
    };
    const Case cases[] = {
        {"child_wait_time 5\n",
         "notice: 'child_wait_time': has no effect: there are no children to wait for at the end"},
        {"linkbeat_use_polling\n", "warning: 'linkbeat_use_polling': not served: interfaces are not polled"},
        {"global_defs {\nenable_dbus\n}\n",
         "warning: 'enable_dbus': not served: there is no D-Bus; notify_fifo tells"},
        {"global_defs {\nlvs_flush\n}\n", "warning: 'lvs_flush': not served: balancing is proxyd's part"},
        {"vrrp_instance V {\nvrf blue\n}\n",
         "warning: 'vrf': not served: name the interface that is in the VRF"},
        {"vrrp_instance V {\nauth_hmac {\nkey 1 x\n}\n}\n",
         "error: 'auth_hmac': is not served, and adverts do not go out unsigned"},
    };
    for (const Case& one : cases) {
        INFO(one.text);
        CHECK(complaints(one.text).find(one.said) != std::string::npos);
    }
}
