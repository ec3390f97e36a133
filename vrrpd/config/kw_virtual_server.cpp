// virtual_server_group, virtual_server, real_server, SSL: see lvs.h.
#include <charconv>
#include <set>

#include "vrrpd/config/lvs_words.h"

namespace vrrpd::config {
namespace {

using namespace lvs;

constexpr std::int64_t kMaxPersistence = 31 * 86400;

constexpr std::string_view kSchedulers[] = {"rr", "wrr", "lc",  "wlc", "lblc", "sh",    "mh",
                                            "dh", "fo",  "ovf", "sed", "nq",   "lblcr", "twos"};
constexpr std::string_view kProtocols[] = {"TCP", "UDP", "SCTP"};
constexpr std::string_view kFamilies[] = {"inet", "inet6"};
constexpr std::string_view kMethods[] = {"NAT", "DR", "TUN"};
constexpr std::string_view kTunnels[] = {"ipip", "gue", "gre"};
constexpr std::string_view kTunnelSums[] = {"nocsum", "csum", "remcsum"};

template <class Names>
bool is_one_of(const Names& names, const std::string& word) {
    return std::ranges::find(names, std::string_view(word)) != std::end(names);
}

// NAT | DR | TUN [type ipip | gue port N | gre] [nocsum | csum | remcsum]
void forwarding(Call& call, LvsBlock& block) {
    one_of<kMethods>(call, block);
    if (!call.has(1) || !common::iequals(call.word(1), "TUN")) {
        if (call.has(2)) call.warn("'" + call.word(2) + "' belongs to TUN only; ignored");
        return;
    }
    std::string type = "ipip";
    bool port_given = false;
    for (std::size_t i = 2; i <= call.count(); ++i) {
        const std::string& word = call.word(i);
        if (word == "type" && call.has(i + 1)) {
            type = call.word(++i);
            if (!is_one_of(kTunnels, type))
                call.warn("tunnel type '" + type + "' is not known; expected ipip, gue or gre");
        } else if (word == "port") {
            port_given = true;
            (void)call.number(1, 65535, ++i);
        } else if (!is_one_of(kTunnelSums, word)) {
            call.warn("'" + word + "' is not understood; expected type, port, nocsum, csum or remcsum");
        }
    }
    if ((type == "gue") != port_given) call.warn("gue tunnels need a port, others have none");
}

void persistence(Call& call, LvsBlock&) {
    if (call.has(1)) (void)call.number(1, kMaxPersistence);
}

// A netmask without gaps, or the length of an IPv6 prefix.
void granularity(Call& call, LvsBlock&) {
    const auto given = call.text();
    if (!given || common::parse_number(*given, 1, 128)) return;
    const auto mask = IpAddress::parse(*given);
    if (!mask || mask->family() != packet::Family::v4)
        return call.warn("'" + *given + "' is no netmask and no length of a prefix; ignored");
    std::uint32_t bits = 0;
    for (const std::uint8_t byte : mask->bytes()) bits = bits << 8 | byte;
    if ((~bits & (~bits + 1)) != 0) call.warn("netmask '" + *given + "' has a gap; ignored");
}

// ADDR [PORT] behind the keyword. False after a complaint.
bool address_and_port(Call& call) {
    if (!call.address()) return false;
    return !call.has(2) || call.number(1, 65535, 2).has_value();
}

void sorry_server(Call& call, LvsBlock&) {
    (void)address_and_port(call);
}

void real_server(Call& call, LvsBlock& block) {
    (void)address_and_port(call);
    if (!call.statement().has_block) return call.warn("'{' is missing; ignored");
    apply_block(call.statement().block, "real_server", call.draft(), call.diagnostics(),
                Part<LvsBlock>{real_server_keywords(), block}, Part<LvsBlock>{server_keywords(), block},
                Part<LvsBlock>{pacing_keywords(), block}, Part<LvsBlock>{check_keywords(), block});
}

constexpr auto kFull = Effect::checked;

constexpr Keyword<LvsBlock> kVirtualServer[] = {
    {"lvs_sched", one_of<kSchedulers>, kFull, "rr | wrr | lc | wlc | ...: how it chooses"},
    {"lb_algo", one_of<kSchedulers>, kFull, "old name of lvs_sched"},
    {"lb_kind", forwarding, kFull, "old name of lvs_method"},
    {"flag-1", flag, kFull, "of the scheduler"},
    {"flag-2", flag, kFull, "of the scheduler"},
    {"flag-3", flag, kFull, "of the scheduler"},
    {"sh-port", flag, kFull, "of the scheduler sh"},
    {"sh-fallback", flag, kFull, "of the scheduler sh"},
    {"mh-port", flag, kFull, "of the scheduler mh"},
    {"mh-fallback", flag, kFull, "of the scheduler mh"},
    {"hashed", flag, kFull, "of the scheduler"},
    {"ops", flag, kFull, "one packet per connection"},
    {"persistence_engine", text, kFull, "NAME"},
    {"persistence_timeout", persistence, kFull, "[SECONDS], 1..2678400; default 360"},
    {"persistence_granularity", granularity, kFull, "NETMASK | length of an IPv6 prefix"},
    {"protocol", one_of<kProtocols>, kFull, "TCP | UDP | SCTP; default TCP"},
    {"ha_suspend", flag, kFull, "no checks while its address is not set here"},
    {"ip_family", one_of<kFamilies>, kFull, "inet | inet6, of a firewall mark"},
    {"omega", flag, kFull, "notify of what goes down at the end"},
    {"quorum", number<1, kMaxUnsigned>, kFull, "weight that must be alive; default 1"},
    {"hysteresis", number<0, kMaxUnsigned>, kFull, "weight that the quorum tolerates; default 0"},
    {"quorum_up", command, kFull, "\"PROGRAM\" [USER [GROUP]]"},
    {"quorum_down", command, kFull, "\"PROGRAM\" [USER [GROUP]]"},
    {"sorry_server", sorry_server, kFull, "ADDR [PORT] when the quorum is lost"},
    {"sorry_server_inhibit", flag, kFull, "weight 0 rather than removed"},
    {"sorry_server_lvs_method", forwarding, kFull, "as lvs_method"},
    {"real_server", real_server, kFull, "ADDR [PORT] { ... }"},
};

constexpr Keyword<LvsBlock> kServer[] = {
    {"lvs_method", forwarding, kFull, "NAT | DR | TUN [type ipip | gue port N | gre] [nocsum|csum|remcsum]"},
    {"smtp_alert", boolean, kFull, "[BOOL]: mail of changes"},
    {"virtualhost", text, kFull, "NAME of HTTP_GET and SSL_GET"},
    {"snmp_name", text, kFull, "NAME"},
    {"inhibit_on_failure", boolean, kFull, "[BOOL]: weight 0 rather than removed"},
};

constexpr Keyword<LvsBlock> kRealServer[] = {
    {"weight", number<0, 2147483647>, kFull, "default 1"},
    {"uthreshold", number<0, kMaxUnsigned>, kFull, "connections at most"},
    {"lthreshold", number<0, kMaxUnsigned>, kFull, "connections at least"},
    {"notify_up", command, kFull, "\"PROGRAM\" [USER [GROUP]]"},
    {"notify_down", command, kFull, "\"PROGRAM\" [USER [GROUP]]"},
};

constexpr Keyword<LvsBlock> kSsl[] = {
    {"password", text, kFull, "of the key"},
    {"ca", text, kFull, "FILE"},
    {"certificate", text, kFull, "FILE"},
    {"key", text, kFull, "FILE"},
};

// ---- virtual_server_group: entries, no keywords

// ADDR, ADDR-LAST, ADDR-ADDR or ADDR/LENGTH.
bool is_range(std::string_view text) {
    const std::size_t mark = text.find_first_of("-/");
    const auto first = IpAddress::parse(text.substr(0, mark));
    if (!first) return false;
    if (mark == std::string_view::npos) return true;
    const std::string_view rest = text.substr(mark + 1);
    const bool v4 = first->family() == packet::Family::v4;
    if (text[mark] == '/') return common::parse_number(rest, 0, v4 ? 32 : 128).has_value();
    if (const auto last = IpAddress::parse(rest))
        return last->family() == first->family() && !(*last < *first);
    unsigned last = 0;  // of the last number of the address: decimal in IPv4, hexadecimal in IPv6
    const auto [end, failed] = std::from_chars(rest.data(), rest.data() + rest.size(), last, v4 ? 10 : 16);
    const auto bytes = first->bytes();
    const unsigned from = v4 ? bytes[3] : bytes[14] * 256U + bytes[15];
    return failed == std::errc{} && end == rest.data() + rest.size() && last >= from &&
           last <= (v4 ? 0xffU : 0xffffU);
}

void read_group_entry(Call& call) {
    const std::string& name = call.statement().name();
    if (name == "fwmark") {
        (void)call.number(0, kMaxUnsigned);
        if (call.has(2) && !is_one_of(kFamilies, call.word(2)))
            call.warn("'" + call.word(2) + "' is not understood; expected inet or inet6");
        return;
    }
    if (!is_range(name))
        return call.warn("is no address, range of addresses or fwmark; the entry is skipped");
    if (call.has(1)) (void)call.number(1, 65535, 1);
    if (call.has(2)) call.warn("'" + call.word(2) + "' is ignored");
}

// What the block is for: the words behind the keyword. Empty after a complaint.
std::string served_address(Call& call) {
    if (!call.text()) return {};
    const std::string& first = call.word(1);
    if (first == "group") {
        const auto group = call.text(2);
        if (!group) return {};
        call.draft().lvs_groups_wanted.push_back({*group, call.where()});
        return "group " + *group;
    }
    if (first == "fwmark") {
        const auto mark = call.number(1, kMaxUnsigned, 2);
        return mark ? "fwmark " + std::to_string(*mark) : std::string();
    }
    if (!address_and_port(call)) return {};
    if (!call.has(2) && std::ranges::none_of(call.statement().block, [](const Statement& line) {
            return line.name() == "persistence_timeout" || line.name() == "persistence_granularity";
        })) {
        call.warn(first + ": a virtual server without port must be persistent (persistence_timeout)");
    }
    return call.has(2) ? first + " port " + call.word(2) : first;
}

}  // namespace

void read_virtual_server_group(Call& call, Draft& draft) {
    if (!call.text()) return;
    const std::string& name = call.word(1);
    if (!draft.lvs_groups.insert(name).second) call.warn("'" + name + "' is already defined");
    for (const Statement& line : call.block()) {
        if (too_many_complaints(line.where, call.diagnostics())) return;
        Call entry(line, draft, call.diagnostics());
        read_group_entry(entry);
    }
}

void read_virtual_server(Call& call, Draft& draft) {
    const std::string served = served_address(call);
    if (!call.statement().has_block) return call.warn("'{' is missing; ignored");
    LvsBlock block;
    apply_block(call.statement().block, "virtual_server", draft, call.diagnostics(),
                Part<LvsBlock>{virtual_server_keywords(), block}, Part<LvsBlock>{server_keywords(), block},
                Part<LvsBlock>{pacing_keywords(), block});
    const auto servers = std::ranges::count(call.statement().block, std::string("real_server"),
                                            [](const Statement& line) { return line.name(); });
    if (servers == 0) call.warn("it has no real_server");
    call.warn((served.empty() ? "it" : served) + " with its " + std::to_string(servers) +
              (servers == 1 ? " real server" : " real servers") +
              " is not served: vrrpd does not balance; give it a listen section in proxyd's haproxy.cfg");
}

void read_ssl(Call& call, Draft& draft) {
    LvsBlock block;
    apply_block(call.block(), "SSL", draft, call.diagnostics(), Part<LvsBlock>{ssl_keywords(), block});
}

void check_lvs_references(const Draft& draft, common::Diagnostics& diagnostics) {
    for (const auto& [name, where] : draft.lvs_groups_wanted) {
        if (!draft.lvs_groups.contains(name))
            diagnostics.warning(where, "'virtual_server': group '" + name + "' is not defined");
    }
    for (const auto& [name, where] : draft.lvs_files_wanted) {
        if (std::ranges::find(draft.config.track_files, name, &TrackFile::name) ==
            draft.config.track_files.end())
            diagnostics.warning(where, "'FILE_CHECK': track_file '" + name + "' is not defined");
    }
}

std::span<const Keyword<LvsBlock>> virtual_server_keywords() {
    return kVirtualServer;
}
std::span<const Keyword<LvsBlock>> server_keywords() {
    return kServer;
}
std::span<const Keyword<LvsBlock>> real_server_keywords() {
    return kRealServer;
}
std::span<const Keyword<LvsBlock>> ssl_keywords() {
    return kSsl;
}

}  // namespace vrrpd::config
