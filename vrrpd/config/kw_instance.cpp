// vrrp_instance NAME { ... }
#include <algorithm>

#include "common/text.h"
#include "vrrpd/config/keyword.h"

namespace vrrpd::config {
namespace {

using Target = InstanceDraft;

template <auto Member>
void flag(Call&, Target& d) {
    d.out.*Member = true;
}

template <auto Member>
void optional_bool(Call& call, Target& d) {
    d.out.*Member = call.boolean();
}

template <std::optional<Duration> GarpSettings::* Member, int Low, int High>
void garp_seconds(Call& call, Target& d) {
    if (const auto value = call.seconds(Low, High)) d.out.garp.*Member = *value;
}

// keepalived takes 0 for 1 where at least one message is wanted.
template <std::optional<int> GarpSettings::* Member, int Least>
void garp_count(Call& call, Target& d) {
    if (const auto value = call.number(0, 1'000'000))
        d.out.garp.*Member = std::max(Least, static_cast<int>(*value));
}

void read_state(Call& call, Target& d) {
    const auto given = call.text();
    if (!given) return;
    d.state_where = call.where();
    d.out.state_master = *given == "MASTER";
    if (*given != "MASTER" && *given != "BACKUP")
        call.warn("'" + *given + "' is neither MASTER nor BACKUP; BACKUP is used");
}

void read_interface(Call& call, Target& d) {
    if (const auto given = call.text()) {
        d.out.interface = *given;
        d.out.interface_where = call.where();
    }
}

void read_vrid(Call& call, Target& d) {
    if (const auto value = call.number(1, 255)) {
        d.out.vrid = static_cast<std::uint8_t>(*value);
        d.out.vrid_where = call.where();
        d.vrid_given = true;
    }
}

void read_source(Call& call, Target& d) {
    if (const auto value = call.address()) {
        d.out.source = *value;
        d.out.source_where = call.where();
    }
}

void read_interval(Call& call, Target& d) {
    if (const auto value = call.seconds(0.01, 255)) {
        d.advert_interval = *value;
        d.interval_where = call.where();
    }
}

// ---- authentication { ... }

void read_auth_type(Call& call, Target& d) {
    const auto given = call.text();
    if (!given) return;
    d.auth_where = call.where();
    d.auth_type_given = true;
    if (*given == "PASS") {
        d.out.auth = packet::AuthType::pass;
    } else if (*given == "AH") {
        call.error("AH was taken out of VRRP (RFC 3768) and is not served; use PASS on all routers");
    } else {
        d.auth_type_given = false;
        call.warn("'" + *given + "' is no authentication type (PASS); no authentication is used");
    }
}

void read_auth_pass(Call& call, Target& d) {
    auto given = call.text();
    if (!given) return;
    d.auth_where = call.where();
    if (given->size() > packet::kPasswordSize) {
        call.warn("truncated to 8 characters, as VRRP carries no more");
        given->resize(packet::kPasswordSize);
    }
    d.out.password = *given;
}

constexpr Keyword<Target> kAuthKeywords[] = {
    {"auth_type", read_auth_type, Effect::full, "PASS"},
    {"auth_pass", read_auth_pass, Effect::full, "PASSWORD, at most 8 characters"},
};

void read_authentication(Call& call, Target& d) {
    apply_block(call.block(), "authentication", call.draft(), call.diagnostics(),
                Part<Target>{std::span<const Keyword<Target>>(kAuthKeywords), d});
}

// ---- addresses

template <std::vector<AddressEntry> Instance::* Member>
void read_addresses(Call& call, Target& d) {
    for (const Statement& line : call.block()) {
        auto entry = read_address_entry(line, call.diagnostics());
        if (entry) (d.out.*Member).push_back(std::move(*entry));
    }
}

void read_routes(Call& call, Target& d) {
    for (const Statement& line : call.block()) {
        auto route = read_route(line, call.diagnostics());
        if (route) d.out.routes.push_back(std::move(*route));
    }
}

void read_rules(Call& call, Target& d) {
    for (const Statement& line : call.block()) {
        auto rule = read_rule(line, call.draft().unnumbered_rules, call.diagnostics());
        if (rule) d.out.rules.push_back(std::move(*rule));
    }
}

// [[name] IF] [MAC] [netlink_notify_msg] [group G]
void read_vmac(Call& call, Target& d) {
    Vmac vmac;
    vmac.where = call.where();
    for (std::size_t i = 1; i <= call.count(); ++i) {
        const std::string& word = call.word(i);
        if (word == "netlink_notify_msg") continue;  // how keepalived tells itself of the new interface
        if (word == "group") {
            call.warn("a group of interfaces is not set");
            ++i;
        } else if (const auto mac = packet::parse_mac(word)) {
            vmac.mac = *mac;
        } else if (word != "name") {
            if (word.size() > 15) return call.warn("'" + word + "' has more than 15 characters; ignored");
            vmac.name = word;
        }
    }
    d.out.vmac = std::move(vmac);
}

void read_unicast_peers(Call& call, Target& d) {
    for (const Statement& line : call.block()) {
        const auto address = IpAddress::parse(line.words[0].text);
        if (!address) {
            call.diagnostics().warning(line.where, "unicast peer " + address.error().text + "; skipped");
            continue;
        }
        UnicastPeer peer{*address, std::nullopt, std::nullopt, line.where};
        for (std::size_t i = 1; i < line.words.size(); ++i) {
            const std::string& word = line.words[i].text;
            const bool minimum = word == "min_ttl";
            const auto ttl = i + 1 < line.words.size() ? common::parse_number(line.words[i + 1].text, 0, 255)
                                                       : common::Result<std::int64_t>(common::fail(""));
            if ((!minimum && word != "max_ttl") || !ttl) {
                call.diagnostics().warning(
                    line.where,
                    "unicast peer: '" + word + "' is not understood; expected min_ttl N, max_ttl N");
                break;
            }
            (minimum ? peer.min_ttl : peer.max_ttl) = static_cast<std::uint8_t>(*ttl);
            ++i;
        }
        d.out.unicast_peers.push_back(std::move(peer));
    }
}

void read_multicast_group(Call& call, Target& d) {
    const auto value = call.address();
    if (!value) return;
    if (value->is_multicast())
        d.out.multicast_group = *value;
    else
        call.warn("'" + value->to_string() + "' is no multicast address; ignored");
}

void read_old_checksum(Call& call, Target& d) {
    if (!call.has(1)) {
        d.out.old_unicast_checksum = true;
    } else if (call.word(1) == "never") {
        d.out.old_unicast_checksum = false;
    } else {
        call.warn("'" + call.word(1) + "' is not understood; expected nothing or 'never'");
    }
}

void garp_extra(Call& call, Target& d) {
    call.extra_announcements(d.out.garp);
}

// ---- tracking

void read_preempt_delay(Call& call, Target& d) {
    if (const auto value = call.seconds(0, 1000)) d.out.preempt_delay = *value;
}

void read_version(Call& call, Target& d) {
    if (const auto value = call.number(2, 3)) d.version = static_cast<int>(*value);
}

// Its adverts carry a trailer that only keepalived 2.4 writes and checks. Left out in silence, an instance
// that was to be signed would not be; as with AH the operator decides.
void refuse_hmac(Call& call, Target&) {
    call.error("is not served, and adverts do not go out unsigned in its place: take it out on all routers");
}

void read_expired(Call& call, Target& d) {
    d.out.expired_priority = 254;
    if (call.has(1)) d.out.expired_priority = static_cast<int>(call.number(1, 254).value_or(254));
}

constexpr Keyword<Target> kKeywords[] = {
    {"state", read_state, Effect::full,
     "MASTER | BACKUP: only a hint, priorities decide; MASTER with priority 255 starts as master"},
    {"interface", read_interface, Effect::full, "IF that adverts are sent on (required)"},
    {"virtual_router_id", read_vrid, Effect::full, "1..255, the same on all routers of the group (required)"},
    {"priority",
     [](Call& c, Target& d) {
         if (const auto n = c.number(1, 255)) d.priority = static_cast<std::uint8_t>(*n);
     },
     Effect::full, "1..255; default 100; 255 owns the addresses"},
    {"advert_int", read_interval, Effect::full,
     "SECONDS between adverts: version 2 whole seconds 1..255, version 3 0.01..40.95; default 1"},
    {"version", read_version, Effect::full, "2 | 3; default vrrp_version; IPv6 is always 3"},
    {"authentication", read_authentication, Effect::full,
     "{ auth_type PASS, auth_pass PASSWORD }: version 2 only"},
    {"virtual_ipaddress", read_addresses<&Instance::addresses>, Effect::full,
     "{ ADDR[/PREFIX] [dev IF] ... }: set on the master and advertised"},
    {"virtual_ipaddress_excluded", read_addresses<&Instance::excluded_addresses>, Effect::full,
     "{ ADDR... }: set on the master, not advertised; any family"},
    {"nopreempt", flag<&Instance::nopreempt>, Effect::full, "leave a lower master alone while it lives"},
    {"preempt", [](Call&, Target& d) { d.out.nopreempt = false; }, Effect::full, "the default"},
    {"preempt_delay", read_preempt_delay, Effect::full,
     "0..1000 SECONDS to leave a lower master alone after it is first heard"},
    {"mcast_src_ip", read_source, Effect::full, "ADDR adverts come from; default: the interface's first"},
    {"unicast_src_ip", read_source, Effect::full, "ADDR adverts come from; default: the interface's first"},
    {"unicast_peer", read_unicast_peers, Effect::full,
     "{ ADDR [min_ttl N] [max_ttl N] }: adverts go to these instead of a group"},
    {"mcast_dst_ip", read_multicast_group, Effect::full,
     "ADDR of the multicast group; default vrrp_mcast_group4 or 6"},
    {"unicast_ttl",
     [](Call& c, Target& d) {
         if (const auto n = c.number(0, 255)) d.out.unicast_ttl = static_cast<int>(*n);
     },
     Effect::full, "0..255; default 255"},
    {"check_unicast_src", [](Call&, Target& d) { d.check_unicast_source = true; }, Effect::full,
     "unicast adverts must come from a peer"},
    {"garp_master_delay", garp_seconds<&GarpSettings::master_delay, 0, 4294>, Effect::full,
     "SECONDS before the second block of ARPs; default 5; 0: none"},
    {"garp_master_repeat", garp_count<&GarpSettings::master_repeat, 1>, Effect::full,
     "ARPs per block; default 5"},
    {"garp_master_refresh", garp_seconds<&GarpSettings::master_refresh, 0, 4294967>, Effect::full,
     "SECONDS between ARPs while master; 0: never; default: one with each advert"},
    {"garp_master_refresh_repeat", garp_count<&GarpSettings::master_refresh_repeat, 1>, Effect::full,
     "ARPs each time; default 1"},
    {"garp_lower_prio_delay", garp_seconds<&GarpSettings::lower_prio_delay, 0, 4294>, Effect::full,
     "SECONDS before the second block after a lower advert"},
    {"garp_lower_prio_repeat", garp_count<&GarpSettings::lower_prio_repeat, 0>, Effect::full,
     "ARPs after a lower advert"},
    {"down_timer_adverts",
     [](Call& c, Target& d) {
         if (const auto n = c.number(1, 100)) d.down_timer_adverts = static_cast<int>(*n);
     },
     Effect::full, "1..100 missed adverts before takeover; default 3"},
    {"lower_prio_no_advert", optional_bool<&Instance::lower_prio_no_advert>, Effect::full,
     "[BOOL]: do not answer a lower advert"},
    {"higher_prio_send_advert", optional_bool<&Instance::higher_prio_send_advert>, Effect::full,
     "[BOOL]: one more advert before giving way: vrrpd always sends it"},
    {"skip_check_adv_addr", optional_bool<&Instance::skip_check_adv_addr>, Effect::full,
     "[BOOL]: vrrpd never drops an advert for its addresses"},
    {"dont_track_primary", flag<&Instance::dont_track_primary>, Effect::full,
     "own interface down is no fault"},
    {"track_src_ip", flag<&Instance::track_source>, Effect::full,
     "the configured source address gone is FAULT"},
    {"accept", [](Call&, Target& d) { d.accept = true; }, Effect::full,
     "packets to the addresses are accepted (default but in strict mode)"},
    {"no_accept", [](Call&, Target& d) { d.accept = false; }, Effect::full,
     "drop packets to and from the addresses, but for neighbour discovery (nftables)"},
    {"promote_secondaries", flag<&Instance::promote_secondaries>, Effect::full,
     "set the sysctl while running"},
    {"v3_checksum_as_v2", optional_bool<&Instance::v3_checksum_as_v2>, Effect::full,
     "[BOOL]: version 3 over IPv4 without pseudo header; received ones are taken either way"},
    {"strict_mode", optional_bool<&Instance::strict>, Effect::full, "[BOOL]: keep to the letter of the RFC"},
    {"use_vmac", read_vmac, Effect::full,
     "[[name] IF] [MAC]: addresses and adverts on a macvlan with the VRRP MAC; default name vrrp.VRID"},
    {"use_vmac_addr", [](Call&, Target& d) { d.vmac_addresses = true; }, Effect::full,
     "a macvlan with the VRRP MAC on each other interface that has addresses of the instance, too"},
    {"vmac_xmit_base", [](Call&, Target& d) { d.transmit_base = true; }, Effect::full,
     "send adverts from the base interface"},
    {"use_ipvlan", nullptr, Effect::refused,
     "the addresses stand on the interface itself; use_vmac gives them one of their own"},
    {"virtual_routes", read_routes, Effect::full, "{ ROUTE... }: set on the master, as ip route"},
    {"virtual_rules", read_rules, Effect::full, "{ RULE... }: set on the master, as ip rule"},
    {"unicast_fault_no_peer", flag<&Instance::fault_no_peer>, Effect::full,
     "FAULT instead of multicast where there is no unicast peer"},
    {"auth_hmac", refuse_hmac, Effect::refused,
     "{ ... }: the file is refused, adverts would go out unsigned"},
    {"owner_ignore_adverts", optional_bool<&Instance::owner_ignore_adverts>, Effect::full,
     "[BOOL]: a master of priority 255 ignores adverts"},
    {"timer_expired_backup", read_expired, Effect::full,
     "[PRIORITY]: with nopreempt, a master that did not run for so long that one of that priority took over "
     "gives way; default 254"},
    {"thread_timer_expired", read_expired, Effect::full, "old name of timer_expired_backup"},
    {"old_unicast_checksum", read_old_checksum, Effect::full,
     "[never]: checksum of keepalived before 1.3.6 in unicast version 3; default: once a peer sends it"},
    {"no_virtual_ipaddress", [](Call&, Target& d) { d.without_addresses = true; }, Effect::full,
     "no warning that there are no addresses"},
    {"native_ipv6", [](Call&, Target& d) { d.native_ipv6 = true; }, Effect::full,
     "IPv6, where no address says so"},
    {"vrf", nullptr, Effect::refused, "name the interface that is in the VRF with interface"},
    {"garp_extra_if", garp_extra, Effect::full,
     "[all] SECONDS, 0..86400, between ARPs on VMACs (all: interfaces) that send no adverts; default 0: "
     "none"},
    {"vmac_garp_intvl", garp_extra, Effect::full, "[all] SECONDS: old name of garp_extra_if"},
    {"kernel_rx_buf_size", nullptr, Effect::internal, "each socket for adverts has room for 512 kB"},
    {"linkbeat_use_polling", nullptr, Effect::refused,
     "interfaces are not polled: the state is what drivers tell the kernel, as all of today do"},
    {"lvs_sync_daemon_interface", nullptr, Effect::lvs, "IF, deprecated"},
    {"lvs_sync_daemon", nullptr, Effect::lvs, "IF, deprecated"},
    {"debug", nullptr, Effect::internal, "it does nothing in keepalived either; -D logs details"},
};

}  // namespace

std::span<const Keyword<InstanceDraft>> instance_keywords() {
    return kKeywords;
}

}  // namespace vrrpd::config
