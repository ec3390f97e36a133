// keepalived.conf as values: what load() makes of the files. Immutable afterwards. Numbers are within their
// documented ranges, names are resolved (a track_script's script exists), defaults are filled in; whether
// interfaces and addresses exist on this node is for the engine to find out: the Locations are there for its
// messages.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/clock.h"
#include "common/diagnostics.h"
#include "vrrpd/config/route.h"
#include "vrrpd/fsm/params.h"
#include "vrrpd/fsm/tracking.h"
#include "vrrpd/packet/address.h"
#include "vrrpd/packet/advert.h"

namespace vrrpd::config {

using common::Duration;
using common::Location;
using packet::IpAddress;

inline constexpr const char* kDefaultProxySocket = "/run/proxyd/control.sock";
inline constexpr const char* kDefaultControlSocket = "/run/vrrpd/vrrpd.sock";

// user [group], as written; empty: the default of the next outer level (script_user, then our own user).
struct RunAs {
    std::string user, group;
    bool supplementary_groups = false;  // a leading ':' before the group
    bool empty() const { return user.empty(); }
    bool operator==(const RunAs&) const = default;
};

// A program with its arguments, run without a shell. Empty argv: not configured.
struct Command {
    std::vector<std::string> argv;
    RunAs run_as;
    Location where;
    explicit operator bool() const { return !argv.empty(); }
    // "</path": no program, but whether this file can be opened. Scripts of vrrp_script only.
    bool is_file_test() const { return !argv.empty() && argv.front().starts_with('<'); }
    std::string tested_file() const { return argv.front().substr(1); }
};

struct Script {
    std::string name;
    Command command;
    Duration interval = std::chrono::seconds(1);
    Duration timeout{};  // filled in: interval where not given
    int weight = 0;
    bool reverse = false;
    fsm::RiseFall counts;
    bool init_fail = false;
    Location where;
};

// track_file NAME { ... }: a number in a file, multiplied by the weight, moves the priority.
struct TrackFile {
    std::string name;
    std::string path;  // absolute
    int weight = 1;
    bool reverse = false;
    std::optional<int> init;  // init_file: written at the start where the file does not exist
    bool overwrite = false;   // ... and where it does
    Location where;
};

// vrrp_track_process NAME { ... }: how many of these run.
struct TrackProcess {
    enum class Match : unsigned char { exact, initial, partial };  // of the parameters

    std::string name;
    std::vector<std::string> argv;  // the program as it calls itself, then its parameters
    std::optional<Match> match;     // param_match; not given: exact where there are parameters
    bool full_command = false;      // compare with the command line even without parameters
    int weight = 0;
    bool reverse = false;
    int quorum = 1;                            // least number that is good
    int quorum_max = 65535;                    // most
    Duration fork_delay{}, terminate_delay{};  // good, bad for so long before it counts
    Location where;

    // Whether the command line decides, not only the process's name.
    bool by_command() const { return full_command || match || argv.size() > 1; }
};

// One line of virtual_ipaddress, virtual_ipaddress_excluded or static_ipaddress.
struct AddressEntry {
    IpAddress address;
    std::uint8_t prefix = 32;  // as written, else 32 or 128
    bool prefix_given = false;
    std::string device;                  // empty: the instance's interface
    std::string label;                   // IPv4, at most 15 characters
    std::optional<IpAddress> broadcast;  // `brd A`
    bool broadcast_auto = false;         // `brd +`: all host bits set
    bool broadcast_zero = false;         // `brd -`: all host bits zero
    std::optional<IpAddress> peer;
    std::uint8_t scope = 0;  // RT_SCOPE_*: global 0, site 200, link 253, host 254, nowhere 255
    bool home = false, nodad = true, mngtmpaddr = false, noprefixroute = false, autojoin = false;
    bool no_track = false;
    bool use_vmac = false;                            // as written
    std::string vmac;                                 // filled in: of Instance::address_vmacs; empty: none
    std::string track_group;                          // static addresses
    std::optional<std::uint32_t> preferred_lifetime;  // seconds; 0xffffffff: forever
    Location where;
};

struct UnicastPeer {
    IpAddress address;
    std::optional<std::uint8_t> min_ttl, max_ttl;
    Location where;
};

// `use_vmac`: a macvlan with the VRRP MAC address on the instance's interface, which holds the addresses.
struct Vmac {
    std::string name;                       // filled in: vrrp.VRID
    std::optional<packet::MacAddress> mac;  // not set: RFC 5798's of family and VRID
    bool transmit_base = false;  // `vmac_xmit_base`, or unicast: adverts leave by the interface itself
    Location where;
};

// A macvlan that an instance needs.
struct VmacLink {
    std::string name, below;
    packet::MacAddress mac{};
    packet::Family family = packet::Family::v4;
};

// interface_up_down_delays: how long a change of state must last before instances see it.
struct LinkDelay {
    std::string interface;
    Duration down{}, up{};
    Location where;
};

// track_group: instances in FAULT while a static item of the group is missing.
struct TrackGroup {
    std::string name;
    std::vector<std::string> members;
    Location where;
};

// garp_group: interfaces that share one pace.
struct GarpGroup {
    std::optional<Duration> garp_interval, gna_interval;  // not set: the global's
    std::vector<std::string> interfaces;
    Location where;
};

// How no_accept is enforced.
struct Firewall {
    std::string table = "vrrpd";
    int priority = -1;  // of the chains
    bool counters = false;
};

// A reference to a script, interface, file or process, with this instance's weight.
struct Track {
    fsm::TrackRule rule;
    Location where;
};

struct Notifications {
    Command master, backup, fault, stop, any, deleted, master_rx_lower_pri;
    bool tell_deleted = false;       // notify_deleted: a removed instance is DELETED, not in FAULT
    std::optional<bool> smtp_alert;  // not set: the global's
    std::optional<bool> priority_changes;
};

// Unset members follow the global setting; load() fills them all in.
struct GarpSettings {
    std::optional<Duration> master_delay, master_refresh, lower_prio_delay;
    std::optional<int> master_repeat, master_refresh_repeat, lower_prio_repeat;
    std::optional<Duration> extra;  // between announcements on other interfaces; 0: none
    std::optional<bool> extra_all;  // ... on all of them, not on VMACs alone
    bool reassure = false;  // one with each advert: nothing about refreshing or sparing ARPs is configured
};

struct Instance {
    std::string name;
    Location where;
    std::string interface;
    Location interface_where;
    std::optional<bool> state_master;  // `state MASTER`, `state BACKUP`
    std::uint8_t vrid = 0;
    Location vrid_where;
    std::uint8_t priority = 100;
    int version = 2;
    packet::Family family = packet::Family::v4;
    Duration advert_interval = std::chrono::seconds(1);
    packet::AuthType auth = packet::AuthType::none;
    std::string password;  // at most 8 bytes
    bool nopreempt = false;
    int expired_priority = 0;  // timer_expired_backup; 0: off
    Duration preempt_delay{};
    int down_timer_adverts = 3;
    std::optional<bool> lower_prio_no_advert, higher_prio_send_advert, skip_check_adv_addr, strict;
    bool dont_track_primary = false;
    bool track_source = false;
    GarpSettings garp;

    std::optional<IpAddress> source;  // mcast_src_ip, unicast_src_ip
    Location source_where;
    std::optional<IpAddress> multicast_group;  // not set: the global's
    std::vector<UnicastPeer> unicast_peers;
    int unicast_ttl = 255;
    bool check_unicast_source = false;
    bool fault_no_peer = false;  // unicast_fault_no_peer: without a peer it is at fault, not multicast
    std::optional<bool> v3_checksum_as_v2, owner_ignore_adverts;
    // Pseudo header with the group instead of the peer, in unicast version 3 over IPv4; not set: as the peer.
    std::optional<bool> old_unicast_checksum;

    std::vector<AddressEntry> addresses;           // advertised
    std::vector<AddressEntry> excluded_addresses;  // set, not advertised; any family
    std::vector<RouteEntry> routes;
    std::vector<RuleEntry> rules;
    std::optional<Vmac> vmac;
    std::vector<VmacLink> address_vmacs;  // use_vmac_addr, use_vmac of an address: beside `vmac`
    bool accept = true;                   // false: packets to and from the addresses are dropped
    bool promote_secondaries = false;

    std::string group;          // vrrp_sync_group; empty: none
    std::vector<Track> tracks;  // its group's included; the proxy link is TrackKind::proxy, name "proxy"
    Notifications notify;

    bool unicast() const { return !unicast_peers.empty(); }
};

struct SyncGroup {
    std::string name;
    std::vector<std::string> members;  // that exist and are in no other group
    bool member_weights = false;  // sync_group_tracking_weight: members keep the weights of their own checks
    Notifications notify;
    Location where;
};

struct Fifo {
    std::string path;
    RunAs owner;
    Command script;
    Location where;
};

// What vrrpd adds to the language: the link to the proxy. Times in milliseconds in the file.
struct ProxyLink {
    std::string socket = kDefaultProxySocket;
    Duration health_timeout = std::chrono::milliseconds(200);
    Duration worker_timeout = std::chrono::seconds(1);
    Duration settle = std::chrono::seconds(1);
    Duration settle_max = std::chrono::seconds(30);
    bool operator==(const ProxyLink&) const = default;
};

struct Mail {
    std::vector<std::string> recipients;  // as written: "a@b", "Name <a@b>"
    std::string from;                     // empty: user@host
    std::string server;                   // host or address as written; empty: no mail
    std::uint16_t port = 25;
    Location server_where;
    Duration timeout = std::chrono::seconds(30);
    std::string helo_name;  // empty: host name
    bool alert = false;     // default of the instances' smtp_alert
    bool no_email_faults = false;
};

// Where signals write what we know; empty: keepalived.data, .stats, .json in $TMPDIR or /tmp.
struct Dumps {
    std::string data, stats, json;
    bool use_instance = false;  // `instance` becomes part of the names
    int umask = 0177;
    int json_version = 1;  // 1, 2
};

// max_auto_priority: real-time priority that grows while timers run late.
struct AutoPriority {
    int most = 0;                             // 1-99; 0: never
    Duration late = std::chrono::seconds(1);  // what counts as late
};

inline constexpr int kMostProcessors = 1024;
inline constexpr std::size_t kMaxProcessName = 15;
// What one turn may compute at real-time priority before the kernel ends the process.
inline constexpr Duration kLeastRunaway = std::chrono::seconds(2);

struct Globals {
    std::string router_id;  // empty: host name
    RunAs script_user;
    Location script_user_where;
    bool script_security = false;
    int version = 2;
    Mail mail;
    GarpSettings garp;
    Duration garp_interval{}, gna_interval{};  // least gap between messages on one interface; 0: none
    bool min_garp = false;
    bool lower_prio_no_advert = false, higher_prio_send_advert = false, skip_check_adv_addr = false;
    bool strict = false, check_unicast_source = false;
    bool v3_checksum_as_v2 = false, owner_ignore_adverts = false;
    int down_timer_adverts = 3;
    std::optional<IpAddress> group4, group6;  // not set: 224.0.0.18, ff02::12
    std::string default_interface = "eth0";
    bool dynamic_interfaces = false;
    Duration startup_delay{};
    Duration delay_after_boot{};  // of the machine, not of vrrpd
    int realtime_priority = 0;    // SCHED_RR 1-99; 0: off
    int nice = 0;
    bool no_swap = false;
    AutoPriority auto_priority;
    std::vector<int> processors;  // vrrp_cpu_affinity; empty: all
    Duration runaway = kLeastRunaway;
    std::string process_name, vrrp_process_name;  // empty: not said
    bool supplementary_groups = false;            // scripts get all groups of their user
    std::string reload_time_file;                 // empty: none
    bool reload_repeat = false;
    bool reload_mark = false;      // reload_file
    std::string reload_mark_path;  // empty: beside the pid file
    bool log_unknown_vrids = false;
    bool notify_priority_changes = false;
    bool fifo_states_on_reload = false;
    Fifo fifo, vrrp_fifo;
    Command startup_script, shutdown_script;
    Duration startup_timeout = std::chrono::seconds(10), shutdown_timeout = std::chrono::seconds(10);
    std::string instance_name;   // `instance NAME`
    std::string namespace_name;  // `net_namespace NAME`; empty: the one vrrpd is started in
    common::Location namespace_where;
    bool use_pid_dir = false;
    Dumps dumps;
    Firewall firewall;
    std::string vmac_prefix = "vrrp";
    std::string vmac_addr_prefix;  // empty: vmac_prefix
    bool disable_local_igmp = false;
    std::string control_socket = kDefaultControlSocket;
    ProxyLink proxy;
};

struct Config {
    Globals globals;
    std::vector<Script> scripts;
    std::vector<TrackFile> track_files;
    std::vector<TrackProcess> track_processes;
    std::vector<Instance> instances;
    std::vector<SyncGroup> sync_groups;
    std::vector<AddressEntry> static_addresses;
    std::vector<RouteEntry> static_routes;
    std::vector<RuleEntry> static_rules;
    std::vector<GarpGroup> garp_groups;
    std::vector<LinkDelay> link_delays;
    std::vector<TrackGroup> track_groups;

    const Script* find_script(const std::string& name) const;

    // The names of the files read, in order; every Location points into them.
    std::shared_ptr<std::vector<std::unique_ptr<const std::string>>> files;
};

// What the state machine and the advert checks need to know of an instance.
fsm::Params machine_params(const Instance& instance);
// How long to stay passive when vrrpd starts `uptime` after the machine did.
Duration startup_delay(const Globals& globals, Duration uptime);
std::vector<const Command*> commands_of(const Notifications& notify);  // those that are configured
// The interface that an address line means, and those adverts leave by and come in by: what a peer sends from
// the virtual MAC the kernel gives to our own VMAC of that MAC, and to nobody else.
const std::string& address_device(const Instance& instance, const AddressEntry& entry);
const std::string& transmit_device(const Instance& instance);
const std::string& receive_device(const Instance& instance);
packet::MacAddress vmac_address(const Instance& instance);
std::vector<VmacLink> vmacs_of(const Instance& instance);  // of the instance, then of its addresses
std::vector<fsm::TrackRule> track_rules(const Instance& instance);
std::vector<IpAddress> advertised_addresses(const Instance& instance);
IpAddress multicast_group(const Globals& globals, const Instance& instance);

}  // namespace vrrpd::config
