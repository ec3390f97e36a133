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

// ---- scheduling

constexpr int kHighestRealtime = 99;

// -1 only silences a remark of keepalived's: as 0.
void read_auto_priority(Call& call, G& g) {
    g.auto_priority.most = kHighestRealtime;
    if (!call.has(1)) return;
    g.auto_priority.most =
        static_cast<int>(std::max<std::int64_t>(0, call.number(-1, kHighestRealtime).value_or(0)));
}

void read_auto_delay(Call& call, G& g) {
    if (const auto value = call.number(1, 10'000'000))
        g.auto_priority.late = std::chrono::microseconds(*value);
}

void read_processors(Call& call, G& g) {
    if (!call.text()) return;
    for (std::size_t i = 1; i <= call.count(); ++i) {
        if (const auto value = call.number(0, kMostProcessors - 1, i))
            g.processors.push_back(static_cast<int>(*value));
    }
}

// With keepalived's default of 10 ms a reload at real-time priority would be the end of the keeper.
void read_runaway(Call& call, G& g) {
    const auto value = call.number(1, 4'294'967'295);
    if (!value) return;
    const Duration given = std::chrono::microseconds(*value);
    if (given < kLeastRunaway) call.note("less than 2 s could end vrrpd in a reload; 2 s are used");
    g.runaway = std::max<Duration>(given, kLeastRunaway);
}

template <std::string Globals::* Member>
void read_name(Call& call, G& g) {
    auto name = call.text();
    if (!name) return;
    if (name->size() > kMaxProcessName) call.warn("'" + *name + "' is cut to 15 characters");
    g.*Member = name->substr(0, kMaxProcessName);
}

// ---- reloads

void read_reload_file(Call& call, G& g) {
    g.reload_mark = true;
    if (!call.has(1)) return;
    if (!call.word(1).starts_with('/'))
        return call.warn("'" + call.word(1) + "' does not begin with '/': the default is used");
    g.reload_mark_path = call.word(1);
}

void read_reload_time_file(Call& call, G& g) {
    auto path = call.text();
    if (!path) return;
    if (!path->starts_with('/')) return call.warn("'" + *path + "' does not begin with '/': ignored");
    g.reload_time_file = std::move(*path);
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
    {"reload_check_config", nullptr, Effect::internal,
     "vrrpd checks every file before it takes it over; complaints go to the log"},
    {"reload_time_file", read_reload_time_file, Effect::full,
     "PATH of a file with the time of a reload: [[YY]YY-MM-DD ]HH:MM:SS[Z]; it is removed then"},
    {"reload_repeat", [](Call&, G& g) { g.reload_repeat = true; }, Effect::full,
     "reload at that time every day: the file stays"},
    {"reload_file", read_reload_file, Effect::full,
     "[PATH] made before the files are read, and removed when they have been; default keepalived.reload "
     "beside the pid file"},
    {"include_check", [](Call&, G&) {}, Effect::full,
     "[[+|-]readable|match|wildcard_match|brace_match ...]: what is an error in an include; alone: all"},
    {"config_save_dir", nullptr, Effect::internal,
     "a file that is refused changes nothing, so there is nothing to save"},
    {"tmp_config_directory", nullptr, Effect::internal, "the files are read once, by one process"},
    {"use_symlink_paths", nullptr, Effect::internal, "the paths of scripts are used as written"},
    {"set_supplementary_groups", [](Call&, G& g) { g.supplementary_groups = true; }, Effect::full,
     "scripts get all groups of their user"},
    {"max_auto_priority", read_auto_priority, Effect::full,
     "[-1..99]: SCHED_RR, one higher each time a timer runs late, up to this; without N 99; default 0: "
     "never"},
    {"min_auto_priority_delay", read_auto_delay, Effect::full,
     "1..10000000 MICROSECONDS that are late; default 1000000"},
    {"vrrp_cpu_affinity", read_processors, Effect::full, "CPU... that vrrpd may run on; scripts may use all"},
    {"vrrp_rlimit_rttime", read_runaway, Effect::full,
     "MICROSECONDS, 2000000 and more, that it may compute at real-time priority without a pause"},
    {"vrrp_rlimit_rtime", read_runaway, Effect::full, "old name of vrrp_rlimit_rttime"},
    {"checker_priority", nullptr, Effect::lvs, "of the checker process"},
    {"checker_no_swap", nullptr, Effect::lvs, "of the checker process"},
    {"checker_rt_priority", nullptr, Effect::lvs, "of the checker process"},
    {"checker_cpu_affinity", nullptr, Effect::lvs, "of the checker process"},
    {"checker_rlimit_rttime", nullptr, Effect::lvs, "of the checker process"},
    {"bfd_priority", nullptr, Effect::internal, "there is no BFD process"},
    {"bfd_no_swap", nullptr, Effect::internal, "there is no BFD process"},
    {"bfd_rt_priority", nullptr, Effect::internal, "there is no BFD process"},
    {"bfd_cpu_affinity", nullptr, Effect::internal, "there is no BFD process"},
    {"bfd_rlimit_rttime", nullptr, Effect::internal, "there is no BFD process"},
    {"process_names", nullptr, Effect::internal,
     "the process is called vrrpd already, its helper vrrpd-helper"},
    {"process_name", read_name<&G::process_name>, Effect::full,
     "NAME of the process, at most 15 characters, where vrrp_process_name is not said"},
    {"vrrp_process_name", read_name<&G::vrrp_process_name>, Effect::full,
     "NAME of the process, at most 15 characters; default vrrpd"},
    {"checker_process_name", nullptr, Effect::internal, "there is no such process"},
    {"bfd_process_name", nullptr, Effect::internal, "there is no such process"},
    {"nftables", read_table, Effect::full, "[TABLE] of the rules of no_accept and IPv6 VMACs; default vrrpd"},
    {"nftables_priority", read_chain_priority, Effect::full, "N of the chains; default -1"},
    {"nftables_counters", [](Call&, G& g) { g.firewall.counters = true; }, Effect::full,
     "count what is dropped"},
    {"nftables_ifindex", nullptr, Effect::internal,
     "interfaces are matched by name, which stays when they are made anew"},
    {"nftables_ipvs", nullptr, Effect::lvs, "[TABLE]"},
    {"nftables_ipvs_priority", nullptr, Effect::lvs, "N"},
    {"nftables_ipvs_start_fwmark", nullptr, Effect::lvs, "N"},
    {"vrrp_iptables", [](Call& c, G&) { c.note("no_accept is enforced with nftables"); }, Effect::full,
     "[IN [OUT]]: nftables is used instead"},
    {"vrrp_ipsets", nullptr, Effect::internal, "nftables has sets of its own"},
    {"disable_local_igmp", [](Call&, G& g) { g.disable_local_igmp = true; }, Effect::full,
     "no IGMP reports for 224.0.0.x while the keeper runs (sysctl)"},
    {"snmp_socket", nullptr, Effect::refused,
     "there is no SNMP; vrrpd --metrics and the JSON dump have the figures"},
    {"enable_traps", nullptr, Effect::refused,
     "there is no SNMP; notify_fifo and notify tell of transitions"},
    {"enable_snmp_vrrp", nullptr, Effect::refused,
     "there is no SNMP; vrrpd --metrics and the JSON dump have the figures"},
    {"enable_snmp_keepalived", nullptr, Effect::refused,
     "there is no SNMP; vrrpd --metrics and the JSON dump have the figures"},
    {"enable_snmp_checker", nullptr, Effect::lvs, "SNMP of the checkers"},
    {"enable_snmp_rfc", nullptr, Effect::refused,
     "there is no SNMP; vrrpd --metrics and the JSON dump have the figures"},
    {"enable_snmp_rfcv2", nullptr, Effect::refused,
     "there is no SNMP; vrrpd --metrics and the JSON dump have the figures"},
    {"enable_snmp_rfcv3", nullptr, Effect::refused,
     "there is no SNMP; vrrpd --metrics and the JSON dump have the figures"},
    {"snmp_vs_stats_update_interval", nullptr, Effect::lvs, "SECONDS"},
    {"snmp_rs_stats_update_interval", nullptr, Effect::lvs, "SECONDS"},
    {"enable_dbus", nullptr, Effect::refused,
     "there is no D-Bus; notify_fifo tells of transitions, vrrpd --show --json of the state"},
    {"dbus_service_name", nullptr, Effect::internal, "there is no D-Bus"},
    {"dbus_no_interface_name", nullptr, Effect::internal, "there is no D-Bus"},
    {"vrrp_netlink_cmd_rcv_bufs", nullptr, Effect::internal, "answers are read as they are asked for"},
    {"vrrp_netlink_cmd_rcv_bufs_force", nullptr, Effect::internal, "answers are read as they are asked for"},
    {"vrrp_netlink_monitor_rcv_bufs", nullptr, Effect::internal,
     "there is room for 1 MB, and after a loss everything is listed anew"},
    {"vrrp_netlink_monitor_rcv_bufs_force", nullptr, Effect::internal,
     "there is room for 1 MB, and after a loss everything is listed anew"},
    {"lvs_netlink_cmd_rcv_bufs", nullptr, Effect::lvs, "BYTES"},
    {"lvs_netlink_cmd_rcv_bufs_force", nullptr, Effect::lvs, "BOOL"},
    {"lvs_netlink_monitor_rcv_bufs", nullptr, Effect::lvs, "BYTES"},
    {"lvs_netlink_monitor_rcv_bufs_force", nullptr, Effect::lvs, "BOOL"},
    {"process_monitor_rcv_bufs", nullptr, Effect::internal, "after a loss all processes are looked through"},
    {"process_monitor_rcv_bufs_force", nullptr, Effect::internal,
     "after a loss all processes are looked through"},
    {"vrrp_rx_bufs_policy", nullptr, Effect::internal,
     "each socket for adverts has room for 512 kB, whatever the system default is"},
    {"vrrp_rx_bufs_multiplier", nullptr, Effect::internal,
     "each socket for adverts has room for 512 kB, whatever the system default is"},
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
    {"random_seed", [](Call& c, G&) { (void)c.number(0, 4294967295); }, Effect::full,
     "N: ${_RANDOM} yields the same each time; stands before its use"},
    {"data_use_instance", [](Call& c, G& g) { g.dumps.use_instance = c.boolean().value_or(false); },
     Effect::full, "[BOOL]: instance name in dump file names"},
    {"state_dump_file", dump_path<&Dumps::data>, Effect::full, "PATH of the SIGUSR1 dump"},
    {"stats_dump_file", dump_path<&Dumps::stats>, Effect::full, "PATH of the SIGUSR2 dump"},
    {"json_dump_file", dump_path<&Dumps::json>, Effect::full, "PATH of the JSON dump"},
    {"json_version",
     [](Call& c, G& g) {
         if (const auto n = c.number(1, 2)) g.dumps.json_version = static_cast<int>(*n);
     },
     Effect::full,
     "1 | 2: of the JSON dump; 2: an object of the instances (vrrp) and the tracked processes "
     "(track_process)"},
    {"iproute_usr_dir", nullptr, Effect::refused,
     "names are looked up in /etc/iproute2, /usr/share/iproute2 and /usr/lib/iproute2; write numbers"},
    {"iproute_etc_dir", nullptr, Effect::refused,
     "names are looked up in /etc/iproute2, /usr/share/iproute2 and /usr/lib/iproute2; write numbers"},
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
    {"linkbeat_use_polling", nullptr, Effect::refused,
     "interfaces are not polled: the state is what drivers tell the kernel, as all of today do"},
};

}  // namespace

std::span<const Keyword<Globals>> process_keywords() {
    return kKeywords;
}

}  // namespace vrrpd::config
