// global_defs { ... }: keepalived's processes, firewall, SNMP, D-Bus, LVS, dumps. Most of it tunes what vrrpd
// does not have.
#include <algorithm>
#include <cctype>
#include <cstdlib>

#include "common/text.h"
#include "vrrpd/config/keyword.h"

namespace vrrpd::config {
namespace {

template <std::string Dumps::* Member>
void dump_path(Call& call, Globals& g) {
    auto path = call.text();
    if (!path) return;
    if (!path->starts_with('/')) return call.warn("'" + *path + "' does not begin with '/': ignored");
    g.dumps.*Member = std::move(*path);
}

void garp_extra(Call& call, Globals& g) {
    call.extra_announcements(g.garp);
}

template <Duration Globals::* Member>
void script_timeout(Call& call, Globals& g) {
    if (const auto value = call.seconds(1, 1000)) g.*Member = *value;
}

struct ModeBit {
    std::string_view name;
    int bits;
};
constexpr ModeBit kModeBits[] = {{"IRUSR", 0400}, {"IWUSR", 0200}, {"IXUSR", 0100}, {"IRWXU", 0700},
                                 {"IRGRP", 040},  {"IWGRP", 020},  {"IXGRP", 010},  {"IRWXG", 070},
                                 {"IROTH", 04},   {"IWOTH", 02},   {"IXOTH", 01},   {"IRWXO", 07}};

// As strtol with base 0 reads it ("0177", "127"), or names with '|' between them.
std::optional<int> parse_mask(const std::string& text) {
    char* end = nullptr;
    const long number = std::strtol(text.c_str(), &end, 0);
    if (!text.empty() && *end == '\0')
        return number >= 0 && number <= 0777 ? std::optional<int>(static_cast<int>(number)) : std::nullopt;
    int mask = 0;
    for (const std::string_view part : common::split(text, '|')) {
        const ModeBit* bit = common::find_row(std::span<const ModeBit>(kModeBits), common::trim(part));
        if (bit == nullptr) return std::nullopt;
        mask |= bit->bits;
    }
    return mask;
}

void read_umask(Call& call, Globals& g) {
    std::string text;
    for (std::size_t i = 1; i <= call.count(); ++i) text += call.word(i);  // blanks around '|' are allowed
    const auto mask = parse_mask(text);
    if (mask)
        g.dumps.umask = *mask;
    else
        call.warn("'" + text + "' is no mask: a number up to 0777, or IRWXG|IRWXO and the like; ignored");
}

using G = Globals;

void read_table(Call& call, G& g) {
    if (!call.has(1)) return;
    const std::string& name = call.word(1);
    const auto allowed = [](unsigned char c) { return std::isalnum(c) || c == '_' || c == '-'; };
    if (!std::isalpha(static_cast<unsigned char>(name[0])) || !std::ranges::all_of(name, allowed))
        return call.warn("'" + name + "' is no name of a table; " + g.firewall.table + " is used");
    g.firewall.table = name;
}

void read_chain_priority(Call& call, G& g) {
    if (const auto value = call.number(-1'000'000, 1'000'000)) g.firewall.priority = static_cast<int>(*value);
}

constexpr Keyword<Globals> kKeywords[] = {
    {"startup_script", [](Call& c, G& g) { g.startup_script = c.command_with_user(); }, Effect::full,
     "\"PROGRAM\" [USER [GROUP]] run once before anything else; vrrpd waits for its end"},
    {"startup_script_timeout", script_timeout<&G::startup_timeout>, Effect::full,
     "1..1000 SECONDS; default 10"},
    {"shutdown_script", [](Call& c, G& g) { g.shutdown_script = c.command_with_user(); }, Effect::full,
     "\"PROGRAM\" [USER [GROUP]] run once behind everything else"},
    {"shutdown_script_timeout", script_timeout<&G::shutdown_timeout>, Effect::full,
     "1..1000 SECONDS; default 10"},
    {"reload_check_config", nullptr, Effect::internal, "[LOG]: vrrpd always checks before it reloads"},
    {"reload_time_file", nullptr, Effect::not_yet, "PATH of a file with the time to reload"},
    {"reload_repeat", nullptr, Effect::not_yet, "reload at that time every day"},
    {"reload_file", nullptr, Effect::not_yet, "[PATH] made while reloading"},
    {"include_check", nullptr, Effect::internal, "[OPTIONS]: how to take a missing include"},
    {"config_save_dir", nullptr, Effect::internal, "DIR for refused configurations"},
    {"tmp_config_directory", nullptr, Effect::internal, "DIR"},
    {"use_symlink_paths", nullptr, Effect::internal, "[BOOL]"},
    {"set_supplementary_groups", nullptr, Effect::not_yet, "scripts get all groups of their user"},
    {"max_auto_priority", nullptr, Effect::internal, "[N]: raise the priority when timers run late"},
    {"min_auto_priority_delay", nullptr, Effect::internal, "MICROSECONDS"},
    {"vrrp_cpu_affinity", nullptr, Effect::not_yet, "CPU..."},
    {"vrrp_rlimit_rttime", nullptr, Effect::not_yet, "MICROSECONDS"},
    {"vrrp_rlimit_rtime", nullptr, Effect::not_yet, "old name of vrrp_rlimit_rttime"},
    {"checker_priority", nullptr, Effect::lvs, "of the checker process"},
    {"checker_no_swap", nullptr, Effect::lvs, "of the checker process"},
    {"checker_rt_priority", nullptr, Effect::lvs, "of the checker process"},
    {"checker_cpu_affinity", nullptr, Effect::lvs, "of the checker process"},
    {"checker_rlimit_rttime", nullptr, Effect::lvs, "of the checker process"},
    {"bfd_priority", nullptr, Effect::not_yet, "of the BFD process"},
    {"bfd_no_swap", nullptr, Effect::not_yet, "of the BFD process"},
    {"bfd_rt_priority", nullptr, Effect::not_yet, "of the BFD process"},
    {"bfd_cpu_affinity", nullptr, Effect::not_yet, "of the BFD process"},
    {"bfd_rlimit_rttime", nullptr, Effect::not_yet, "of the BFD process"},
    {"process_names", nullptr, Effect::internal, "names of keepalived's processes"},
    {"process_name", nullptr, Effect::internal, "NAME"},
    {"vrrp_process_name", nullptr, Effect::internal, "NAME"},
    {"checker_process_name", nullptr, Effect::internal, "NAME"},
    {"bfd_process_name", nullptr, Effect::internal, "NAME"},
    {"nftables", read_table, Effect::full, "[TABLE] of the rules of no_accept and IPv6 VMACs; default vrrpd"},
    {"nftables_priority", read_chain_priority, Effect::full, "N of the chains; default -1"},
    {"nftables_counters", [](Call&, G& g) { g.firewall.counters = true; }, Effect::full,
     "count what is dropped"},
    {"nftables_ifindex", nullptr, Effect::internal, "match interfaces by index"},
    {"nftables_ipvs", nullptr, Effect::lvs, "[TABLE]"},
    {"nftables_ipvs_priority", nullptr, Effect::lvs, "N"},
    {"nftables_ipvs_start_fwmark", nullptr, Effect::lvs, "N"},
    {"vrrp_iptables", [](Call& c, G&) { c.note("no_accept is enforced with nftables"); }, Effect::full,
     "[IN [OUT]]: nftables is used instead"},
    {"vrrp_ipsets", nullptr, Effect::internal, "[NAME...]: nftables has sets of its own"},
    {"disable_local_igmp", [](Call&, G& g) { g.disable_local_igmp = true; }, Effect::full,
     "no IGMP reports for 224.0.0.x while the keeper runs (sysctl)"},
    {"snmp_socket", nullptr, Effect::not_yet, "ADDR of the AgentX master"},
    {"enable_traps", nullptr, Effect::not_yet, "SNMP traps"},
    {"enable_snmp_vrrp", nullptr, Effect::not_yet, "SNMP: KEEPALIVED-MIB"},
    {"enable_snmp_keepalived", nullptr, Effect::not_yet, "old name of enable_snmp_vrrp"},
    {"enable_snmp_checker", nullptr, Effect::lvs, "SNMP of the checkers"},
    {"enable_snmp_rfc", nullptr, Effect::not_yet, "SNMP: VRRP-MIB and VRRPv3-MIB"},
    {"enable_snmp_rfcv2", nullptr, Effect::not_yet, "SNMP: VRRP-MIB"},
    {"enable_snmp_rfcv3", nullptr, Effect::not_yet, "SNMP: VRRPv3-MIB"},
    {"snmp_vs_stats_update_interval", nullptr, Effect::lvs, "SECONDS"},
    {"snmp_rs_stats_update_interval", nullptr, Effect::lvs, "SECONDS"},
    {"enable_dbus", nullptr, Effect::not_yet, "D-Bus interface"},
    {"dbus_service_name", nullptr, Effect::not_yet, "NAME"},
    {"dbus_no_interface_name", nullptr, Effect::not_yet, "NAME"},
    {"vrrp_netlink_cmd_rcv_bufs", nullptr, Effect::internal, "BYTES"},
    {"vrrp_netlink_cmd_rcv_bufs_force", nullptr, Effect::internal, "BOOL"},
    {"vrrp_netlink_monitor_rcv_bufs", nullptr, Effect::internal, "BYTES"},
    {"vrrp_netlink_monitor_rcv_bufs_force", nullptr, Effect::internal, "BOOL"},
    {"lvs_netlink_cmd_rcv_bufs", nullptr, Effect::lvs, "BYTES"},
    {"lvs_netlink_cmd_rcv_bufs_force", nullptr, Effect::lvs, "BOOL"},
    {"lvs_netlink_monitor_rcv_bufs", nullptr, Effect::lvs, "BYTES"},
    {"lvs_netlink_monitor_rcv_bufs_force", nullptr, Effect::lvs, "BOOL"},
    {"process_monitor_rcv_bufs", nullptr, Effect::internal, "BYTES"},
    {"process_monitor_rcv_bufs_force", nullptr, Effect::internal, "BOOL"},
    {"vrrp_rx_bufs_policy", nullptr, Effect::internal, "MTU | ADVERT | BYTES"},
    {"vrrp_rx_bufs_multiplier", nullptr, Effect::internal, "N"},
    {"rs_init_notifies", nullptr, Effect::lvs, "notify for real servers at the start"},
    {"vmac_prefix",
     [](Call& c, G& g) {
         if (auto t = c.text()) g.vmac_prefix = t->substr(0, 11);
     },
     Effect::full, "PREFIX of VMAC interface names, at most 11 characters; default vrrp"},
    {"vmac_addr_prefix",
     [](Call& c, G& g) {
         if (auto t = c.text()) g.vmac_addr_prefix = t->substr(0, 11);
     },
     Effect::full, "PREFIX of the names of addresses' VMACs, at most 11 characters; default vmac_prefix"},
    {"vrrp_garp_extra_if", garp_extra, Effect::full,
     "[all] SECONDS, 0..86400, between ARPs on VMACs (all: interfaces) that send no adverts; default 0: "
     "none"},
    {"vrrp_vmac_garp_intvl", garp_extra, Effect::full, "[all] SECONDS: old name of vrrp_garp_extra_if"},
    {"umask", read_umask, Effect::full,
     "N | BIT[|BIT...] (IXUSR|IRWXG|IRWXO) of dumps; default 0177; option -u goes first"},
    {"random_seed", nullptr, Effect::internal, "N"},
    {"data_use_instance", [](Call& c, G& g) { g.dumps.use_instance = c.boolean().value_or(false); },
     Effect::full, "[BOOL]: instance name in dump file names"},
    {"state_dump_file", dump_path<&Dumps::data>, Effect::full, "PATH of the SIGUSR1 dump"},
    {"stats_dump_file", dump_path<&Dumps::stats>, Effect::full, "PATH of the SIGUSR2 dump"},
    {"json_dump_file", dump_path<&Dumps::json>, Effect::full, "PATH of the JSON dump"},
    {"json_version", nullptr, Effect::not_yet, "1 | 2"},
    {"iproute_usr_dir", nullptr, Effect::not_yet, "DIR of names for routes"},
    {"iproute_etc_dir", nullptr, Effect::not_yet, "DIR of names for routes"},
    {"smtp_alert_checker", nullptr, Effect::lvs, "[BOOL]"},
    {"checker_log_all_failures", nullptr, Effect::lvs, "[BOOL]"},
    {"no_checker_emails", nullptr, Effect::lvs, "no mail of checkers"},
    {"lvs_sync_daemon", nullptr, Effect::lvs, "IF ..."},
    {"lvs_timeouts", nullptr, Effect::lvs, "tcp N tcpfin N udp N"},
    {"lvs_flush", nullptr, Effect::lvs, "clear the table at the start"},
    {"lvs_flush_on_stop", nullptr, Effect::lvs, "clear the table at the end"},
    {"lvs_flush_onstop", nullptr, Effect::lvs, "old name of lvs_flush_on_stop"},
    {"lvs_notify_fifo", nullptr, Effect::lvs, "PATH"},
    {"lvs_notify_fifo_script", nullptr, Effect::lvs, "\"PROGRAM\""},
    {"linkbeat_use_polling", nullptr, Effect::internal, "ask interfaces instead of listening"},
};

}  // namespace

std::span<const Keyword<Globals>> process_keywords() {
    return kKeywords;
}

}  // namespace vrrpd::config
