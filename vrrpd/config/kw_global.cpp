// global_defs { ... }: what concerns VRRP, mail, notifications and the link to the proxy.
#include <sys/un.h>

#include <algorithm>

#include "vrrpd/config/keyword.h"

namespace vrrpd::config {
namespace {

template <auto Member>
void flag(Call&, Globals& g) {
    g.*Member = true;
}

template <auto Member>
void boolean(Call& call, Globals& g) {
    if (const auto value = call.boolean()) g.*Member = *value;
}

template <auto Member>
void text(Call& call, Globals& g) {
    if (auto value = call.text()) g.*Member = std::move(*value);
}

template <auto Member, int Low, int High>
void number(Call& call, Globals& g) {
    if (const auto value = call.number(Low, High)) g.*Member = static_cast<int>(*value);
}

template <auto Member, int HighSeconds>
void seconds(Call& call, Globals& g) {
    if (const auto value = call.seconds(0, HighSeconds)) g.*Member = *value;
}

template <std::optional<Duration> GarpSettings::* Member, int High>
void garp_seconds(Call& call, Globals& g) {
    if (const auto value = call.seconds(0, High)) g.garp.*Member = *value;
}

template <std::optional<int> GarpSettings::* Member, int Least>
void garp_count(Call& call, Globals& g) {
    if (const auto value = call.number(0, 1'000'000))
        g.garp.*Member = std::max(Least, static_cast<int>(*value));
}

template <std::optional<IpAddress> Globals::* Member, packet::Family Wanted>
void group(Call& call, Globals& g) {
    const auto value = call.address();
    if (!value) return;
    if (value->is_multicast() && value->family() == Wanted)
        g.*Member = *value;
    else
        call.warn("'" + value->to_string() + "' is no multicast address of this family; ignored");
}

template <Duration ProxyLink::* Member, int Low, int High>
void link_time(Call& call, Globals& g) {
    if (const auto value = call.milliseconds(Low, High)) g.proxy.*Member = *value;
}

std::optional<std::string> socket_path(Call& call) {
    auto path = call.text();
    if (!path) return std::nullopt;
    if (path->size() < sizeof(sockaddr_un::sun_path)) return path;
    call.error("a socket path has at most " + std::to_string(sizeof(sockaddr_un::sun_path) - 1) +
               " characters");
    return std::nullopt;
}

// ---- mail

void read_recipients(Call& call, Globals& g) {
    if (call.block().empty()) call.warn("names nobody");
    for (const Statement& line : call.statement().block) {
        // A published file may hold "[email protected]" here: what a line says is one recipient.
        std::string recipient;
        for (const Word& word : line.words) recipient += (recipient.empty() ? "" : " ") + word.text;
        g.mail.recipients.push_back(std::move(recipient));
    }
}

void read_mail_from(Call& call, Globals& g) {
    if (!call.text()) return;
    g.mail.from.clear();
    for (std::size_t i = 1; i <= call.count(); ++i) g.mail.from += (i > 1 ? " " : "") + call.word(i);
}

void read_smtp_server(Call& call, Globals& g) {
    auto host = call.text();
    if (!host) return;
    g.mail.server = std::move(*host);
    g.mail.server_where = call.where();
    if (call.has(2)) {
        if (const auto port = call.number(1, 65535, 2)) g.mail.port = static_cast<std::uint16_t>(*port);
    }
}

void read_smtp_timeout(Call& call, Globals& g) {
    const auto value = call.seconds(0, 4294);
    if (value) g.mail.timeout = std::max<Duration>(*value, std::chrono::seconds(1));
}

// ---- scripts and fifos

void read_script_user(Call& call, Globals& g) {
    g.script_user = call.run_as(1);
    g.script_user_where = call.where();
}

template <Fifo Globals::* Member>
void fifo(Call& call, Globals& g) {
    auto path = call.text();
    if (!path) return;
    (g.*Member).path = std::move(*path);
    (g.*Member).where = call.where();
    if (call.has(2)) (g.*Member).owner = call.run_as(2);
}

template <Fifo Globals::* Member>
void fifo_script(Call& call, Globals& g) {
    (g.*Member).script = call.command_with_user();
}

using G = Globals;
constexpr Keyword<Globals> kKeywords[] = {
    {"router_id", text<&G::router_id>, Effect::full,
     "NAME of this node, in mail subjects; default the host name"},
    {"script_user", read_script_user, Effect::full,
     "USER [GROUP] scripts run as; default keepalived_script if it exists, else our own"},
    {"enable_script_security", flag<&G::script_security>, Effect::full,
     "run no script as root that somebody else may write to"},
    {"vrrp_version", number<&G::version, 2, 3>, Effect::full,
     "2 | 3: default of the instances' version; default 2"},
    {"notification_email", read_recipients, Effect::full, "{ ADDRESS... }: who gets mail"},
    {"notification_email_from", read_mail_from, Effect::full, "ADDRESS mail comes from; default user@host"},
    {"smtp_server", read_smtp_server, Effect::full,
     "HOST [PORT]; without one no mail is sent; default port 25"},
    {"smtp_connect_timeout", read_smtp_timeout, Effect::full,
     "SECONDS to connect and for each reply; default 30"},
    {"smtp_helo_name",
     [](Call& c, G& g) {
         if (auto t = c.text()) g.mail.helo_name = std::move(*t);
     },
     Effect::full, "NAME said in HELO; default the host name"},
    {"smtp_alert",
     [](Call& c, G& g) {
         if (const auto b = c.boolean()) g.mail.alert = *b;
     },
     Effect::full, "[BOOL]: default of the instances' smtp_alert"},
    {"smtp_alert_vrrp",
     [](Call& c, G& g) {
         if (const auto b = c.boolean()) g.mail.alert = *b;
     },
     Effect::full, "[BOOL]: as smtp_alert"},
    {"no_email_faults", [](Call&, G& g) { g.mail.no_email_faults = true; }, Effect::full,
     "no mail for FAULT"},
    {"vrrp_garp_master_delay", garp_seconds<&GarpSettings::master_delay, 4294>, Effect::full,
     "SECONDS before the second block of ARPs; default 5; 0: none"},
    {"vrrp_garp_master_repeat", garp_count<&GarpSettings::master_repeat, 1>, Effect::full,
     "ARPs per block; default 5"},
    {"vrrp_garp_master_refresh", garp_seconds<&GarpSettings::master_refresh, 4294967>, Effect::full,
     "SECONDS between ARPs while master; 0: never; default: one with each advert"},
    {"vrrp_garp_master_refresh_repeat", garp_count<&GarpSettings::master_refresh_repeat, 1>, Effect::full,
     "ARPs each time; default 1"},
    {"vrrp_garp_lower_prio_delay", garp_seconds<&GarpSettings::lower_prio_delay, 4294>, Effect::full,
     "SECONDS before the second block after a lower advert"},
    {"vrrp_garp_lower_prio_repeat", garp_count<&GarpSettings::lower_prio_repeat, 0>, Effect::full,
     "ARPs after a lower advert"},
    {"vrrp_garp_interval", seconds<&G::garp_interval, 4294>, Effect::full,
     "SECONDS between ARPs on one interface; default 0"},
    {"vrrp_gna_interval", seconds<&G::gna_interval, 4294>, Effect::full,
     "SECONDS between neighbour adverts on one interface; default 0"},
    {"vrrp_min_garp", boolean<&G::min_garp>, Effect::full, "[BOOL]: one ARP and no second block"},
    {"vrrp_down_timer_adverts", number<&G::down_timer_adverts, 1, 100>, Effect::full,
     "1..100 missed adverts before takeover; default 3"},
    {"vrrp_lower_prio_no_advert", boolean<&G::lower_prio_no_advert>, Effect::full,
     "[BOOL]: do not answer a lower advert"},
    {"vrrp_higher_prio_send_advert", boolean<&G::higher_prio_send_advert>, Effect::full,
     "[BOOL]: one more advert before giving way: vrrpd always sends it"},
    {"vrrp_owner_ignore_adverts", boolean<&G::owner_ignore_adverts>, Effect::full,
     "[BOOL]: a master of priority 255 ignores adverts"},
    {"vrrp_mcast_group4", group<&G::group4, packet::Family::v4>, Effect::full,
     "ADDR of the group; default 224.0.0.18"},
    {"vrrp_mcast_group6", group<&G::group6, packet::Family::v6>, Effect::full,
     "ADDR of the group; default ff02::12"},
    {"default_interface", text<&G::default_interface>, Effect::full,
     "IF of static addresses without dev; default eth0"},
    {"dynamic_interfaces", flag<&G::dynamic_interfaces>, Effect::full,
     "[allow_if_changes]: an interface may be missing at the start"},
    {"vrrp_check_unicast_src", flag<&G::check_unicast_source>, Effect::full,
     "unicast adverts must come from a peer"},
    {"vrrp_skip_check_adv_addr", boolean<&G::skip_check_adv_addr>, Effect::full,
     "[BOOL]: vrrpd never drops an advert for its addresses"},
    {"vrrp_strict", boolean<&G::strict>, Effect::full, "[BOOL]: keep to the letter of the RFC"},
    {"v3_checksum_as_v2", boolean<&G::v3_checksum_as_v2>, Effect::full,
     "[BOOL]: version 3 over IPv4 without pseudo header; received ones are taken either way"},
    {"notify_fifo", fifo<&G::fifo>, Effect::full, "PATH [USER [GROUP]]: a line per transition"},
    {"notify_fifo_script", fifo_script<&G::fifo>, Effect::full,
     "\"PROGRAM\" [USER [GROUP]] started with the fifo's name"},
    {"vrrp_notify_fifo", fifo<&G::vrrp_fifo>, Effect::full, "PATH [USER [GROUP]]: as notify_fifo"},
    {"vrrp_notify_fifo_script", fifo_script<&G::vrrp_fifo>, Effect::full,
     "\"PROGRAM\" [USER [GROUP]]: as notify_fifo_script"},
    {"vrrp_notify_priority_changes", boolean<&G::notify_priority_changes>, Effect::full,
     "BOOL: tell of changed priorities, too"},
    {"fifo_write_vrrp_states_on_reload", flag<&G::fifo_states_on_reload>, Effect::full,
     "write all states to the fifos at a reload"},
    {"vrrp_startup_delay", seconds<&G::startup_delay, 4294>, Effect::full,
     "SECONDS to stay passive after the start"},
    {"vrrp_delay_after_boot", seconds<&G::delay_after_boot, 4294>, Effect::full,
     "SECONDS to stay passive after the machine has booted"},
    {"log_unknown_vrids", flag<&G::log_unknown_vrids>, Effect::full,
     "say when adverts of an unknown VRID come in"},
    {"vrrp_rt_priority", number<&G::realtime_priority, 1, 99>, Effect::full, "1..99: SCHED_RR"},
    {"vrrp_priority", number<&G::nice, -20, 19>, Effect::full, "-20..19: nice"},
    {"vrrp_no_swap", flag<&G::no_swap>, Effect::full, "keep all memory locked"},
    {"control_socket",
     [](Call& c, G& g) {
         if (auto p = socket_path(c)) g.control_socket = std::move(*p);
     },
     Effect::full, "PATH operators' tools connect to; default /run/vrrpd/vrrpd.sock"},
    {"proxy_socket",
     [](Call& c, G& g) {
         if (auto p = socket_path(c)) g.proxy.socket = std::move(*p);
     },
     Effect::full, "PATH of proxyd's control socket; default /run/proxyd/control.sock"},
    {"proxy_health_timeout", link_time<&ProxyLink::health_timeout, 40, 60'000>, Effect::full,
     "MILLISECONDS of silence after which the proxy is stopped; default 200"},
    {"proxy_worker_timeout", link_time<&ProxyLink::worker_timeout, 100, 600'000>, Effect::full,
     "MILLISECONDS after which a worker that does not turn hangs; default 1000"},
    {"proxy_settle", link_time<&ProxyLink::settle, 0, 600'000>, Effect::full,
     "MILLISECONDS the proxy must be ready before it counts as back; default 1000"},
    {"proxy_settle_max", link_time<&ProxyLink::settle_max, 0, 3'600'000>, Effect::full,
     "MILLISECONDS proxy_settle doubles up to while it flaps; default 30000"},
};

}  // namespace

std::span<const Keyword<Globals>> global_keywords() {
    return kKeywords;
}

}  // namespace vrrpd::config
