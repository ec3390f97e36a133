// One line of virtual_routes or static_routes, in the words of ip-route(8):
//   [inet|inet6] [TYPE] [to] DST [via [inet|inet6] GW [or GW]] [dev IF] [src A] [table T] ... [nexthop ...]*
#include <linux/rtnetlink.h>

#include <cmath>

#include "common/text.h"
#include "vrrpd/config/entry_words.h"
#include "vrrpd/config/iproute_names.h"
#include "vrrpd/config/keyword.h"
#include "vrrpd/config/list_entries.h"

namespace vrrpd::config {

// What a route is made of while its line is read.
struct RouteDraft {
    RouteEntry out;
    std::optional<packet::Family> family;  // said by inet, inet6, or the first address
    bool destination_given = false;
    NextHop base;  // words before any `nexthop`; its device is the default of the others
    bool base_used = false;

    NextHop& hop() {
        if (!out.hops.empty()) return out.hops.back();
        base_used = true;
        return base;
    }
};

namespace {

using packet::Family;
using Row = WordRow<RouteDraft>;
using C = WordCall<RouteDraft>;

// Notes the family of an address that belongs to the route itself; false after a complaint.
bool is_of_family(C& c, const packet::IpAddress& address) {
    if (!c.entry.family) c.entry.family = address.family();
    if (*c.entry.family == address.family()) return true;
    c.refuse("'" + address.to_string() + "' is of another family than the rest");
    return false;
}

template <std::uint8_t Type>
void type(C& c) {
    c.entry.out.type = Type;
}

template <Family Wanted>
void family(C& c) {
    if (c.entry.family && *c.entry.family != Wanted) return c.refuse("addresses of both families");
    c.entry.family = Wanted;
}

void read_destination(C& c) {
    const std::string& text = c.argument();
    c.entry.destination_given = true;
    if (text == "default" || text == "any" || text == "all") return;
    const auto prefix = parse_prefix(text);
    if (!prefix) return c.refuse("'" + text + "' is no destination (ADDRESS[/PREFIX] or default)");
    if (is_of_family(c, prefix->address)) c.entry.out.destination = *prefix;
}

void read_gateway(C& c) {
    bool typed = false;
    if (c.more() && (c.argument() == "inet" || c.argument() == "inet6")) {
        typed = true;
        ++c.at;
    }
    if (!c.more()) return c.refuse("'via' wants an address");
    const auto gateway = packet::IpAddress::parse(c.argument());
    if (!gateway) return c.refuse("'" + c.argument() + "' is no address of a gateway");
    ++c.at;
    if (!typed && !is_of_family(c, *gateway)) return;
    c.entry.hop().gateway = *gateway;
}

// keepalived's old form of a second next hop.
void read_or(C& c) {
    if (c.entry.out.hops.empty()) c.entry.out.hops.push_back(c.entry.base);
    c.entry.out.hops.push_back({});
    read_gateway(c);
}

void read_from(C& c) {
    const auto prefix = parse_prefix(c.argument());
    if (!prefix) return c.refuse("'" + c.argument() + "' is no source prefix");
    if (is_of_family(c, prefix->address)) c.entry.out.from = *prefix;
}

void read_source(C& c) {
    const auto address = packet::IpAddress::parse(c.argument());
    if (!address) return c.refuse("'" + c.argument() + "' is no source address");
    if (is_of_family(c, *address)) c.entry.out.source = *address;
}

template <NameKind Kind, auto Member, std::uint32_t Highest>
void named(C& c) {
    using Value = std::remove_reference_t<decltype(c.entry.out.*Member)>;
    const auto number = named_number(Kind, c.argument(), Highest);
    if (!number) return c.refuse("'" + c.argument() + "' is neither a number nor a known name");
    if constexpr (std::is_same_v<Value, std::optional<std::uint8_t>>)
        c.entry.out.*Member = static_cast<std::uint8_t>(*number);
    else
        c.entry.out.*Member = static_cast<Value>(*number);
}

template <auto Member>
void number(C& c) {
    const auto value = plain_number(c.argument(), 0xffffffff);
    if (!value) return c.refuse("'" + c.argument() + "' is no number");
    c.entry.out.*Member = static_cast<std::uint32_t>(*value);
}

void read_realms(C& c) {
    const auto realms = parse_realms(c.argument());
    if (!realms) return c.refuse("'" + c.argument() + "' are no realms ([FROM/]TO)");
    c.entry.hop().realms = *realms;
}

void read_preference(C& c) {
    const std::string& text = c.argument();
    // RFC 4191, 2.1; the kernel's ICMPV6_ROUTER_PREF_*
    const int value = text == "low" ? 3 : text == "medium" ? 0 : text == "high" ? 1 : -1;
    if (value < 0) return c.refuse("pref is low, medium or high");
    c.entry.out.preference = static_cast<std::uint8_t>(value);
}

// ---- metrics: `mtu [lock] N`

std::optional<std::uint32_t> metric_argument(C& c, int metric) {
    if (c.more() && c.argument() == "lock") {
        c.entry.out.locked_metrics |= 1U << metric;
        ++c.at;
    }
    if (!c.more()) {
        c.refuse("a number is missing at the end");
        return std::nullopt;
    }
    const auto value = plain_number(c.argument(), 0xffffffff);
    if (!value) {
        c.refuse("'" + c.argument() + "' is no number");
        return std::nullopt;
    }
    ++c.at;
    return static_cast<std::uint32_t>(*value);
}

template <int Metric>
void metric(C& c) {
    if (const auto value = metric_argument(c, Metric)) c.entry.out.metrics[Metric] = *value;
}

// Times: "10ms", "0.2s"; a bare number is the kernel's own unit, `Scale` of which are a millisecond.
template <int Metric, int Scale>
void time_metric(C& c) {
    if (c.more() && c.argument() == "lock") {
        c.entry.out.locked_metrics |= 1U << Metric;
        ++c.at;
    }
    if (!c.more()) return c.refuse("a time is missing at the end");
    std::string text = c.argument();
    ++c.at;
    double factor = 1;
    if (text.ends_with("ms")) {
        text.resize(text.size() - 2);
        factor = Scale;
    } else if (text.ends_with("s")) {
        text.pop_back();
        factor = 1000.0 * Scale;
    }
    const auto value = decimal(text);
    if (!value || *value * factor > 4e9) return c.refuse("'" + text + "' is no time");
    c.entry.out.metrics[Metric] = static_cast<std::uint32_t>(std::lround(*value * factor));
}

void read_features(C& c) {
    if (c.argument() != "ecn") return c.refuse("the one known feature is ecn");
    c.entry.out.metrics[RTAX_FEATURES] = RTAX_FEATURE_ECN;
}

void read_congestion_control(C& c) {
    if (c.more() && c.argument() == "lock") {
        c.entry.out.locked_metrics |= 1U << RTAX_CC_ALGO;
        ++c.at;
    }
    if (!c.more()) return c.refuse("congctl wants a name");
    c.entry.out.congestion_control = c.argument();
    ++c.at;
}

// ---- next hops

void read_nexthop(C& c) {
    if (c.entry.out.hops.empty() && c.entry.base.gateway) c.warn("'via' before 'nexthop' is ignored");
    c.entry.out.hops.push_back({});
}

void read_weight(C& c) {
    const auto value = plain_number(c.argument(), 256);
    if (!value || *value == 0) return c.refuse("a weight is from 1 to 256");
    c.entry.hop().weight = static_cast<int>(*value);
}

void read_ttl_propagate(C& c) {
    if (c.argument() != "enabled" && c.argument() != "disabled")
        return c.refuse("ttl-propagate is enabled or disabled");
    c.entry.out.ttl_propagate = c.argument() == "enabled";
}

template <RouteAction Action>
void action(C& c) {
    c.entry.out.action = Action;
}

using R = RouteEntry;
constexpr Row kWords[] = {
    {"to", 1, read_destination, "ADDR[/PREFIX] | default; the word may be left out"},
    {"inet", 0, family<Family::v4>, "an IPv4 route"},
    {"inet6", 0, family<Family::v6>, "an IPv6 route"},
    {"unicast", 0, type<RTN_UNICAST>, "packets go there (default)"},
    {"local", 0, type<RTN_LOCAL>, "packets are for this node"},
    {"broadcast", 0, type<RTN_BROADCAST>, "packets are sent as link broadcasts"},
    {"anycast", 0, type<RTN_ANYCAST>, "as local, never a source address"},
    {"multicast", 0, type<RTN_MULTICAST>, "for multicast routing"},
    {"throw", 0, type<RTN_THROW>, "the search in this table ends"},
    {"unreachable", 0, type<RTN_UNREACHABLE>, "answered with host unreachable"},
    {"prohibit", 0, type<RTN_PROHIBIT>, "answered with administratively prohibited"},
    {"blackhole", 0, type<RTN_BLACKHOLE>, "dropped without a word"},
    {"via", 0, read_gateway, "[inet|inet6] ADDR of the next router"},
    {"gw", 0, read_gateway, "as via"},
    {"or", 0, read_or, "ADDR: a second gateway (old form of nexthop)"},
    {"dev", 1, [](C& c) { c.entry.hop().device = c.argument(); }, "IF packets leave by"},
    {"oif", 1, [](C& c) { c.entry.hop().device = c.argument(); }, "as dev"},
    {"from", 1, read_from, "PREFIX: for packets of this source (IPv6)"},
    {"src", 1, read_source, "ADDR preferred as source"},
    {"table", 1, named<NameKind::table, &R::table, 0xffffffff>, "number or name; default main"},
    {"tos", 1, named<NameKind::tos, &R::tos, 255>, "for packets of this type of service"},
    {"dsfield", 1, named<NameKind::tos, &R::tos, 255>, "as tos"},
    {"proto", 1, named<NameKind::protocol, &R::protocol, 255>, "number or name; default keepalived"},
    {"protocol", 1, named<NameKind::protocol, &R::protocol, 255>, "as proto"},
    {"scope", 1, named<NameKind::scope, &R::scope, 255>, "global | site | link | host | 0..255"},
    {"metric", 1, number<&R::metric>, "N: lower wins"},
    {"priority", 1, number<&R::metric>, "as metric"},
    {"preference", 1, number<&R::metric>, "as metric"},
    {"expires", 1, number<&R::expires>, "SECONDS (IPv6)"},
    {"pref", 1, read_preference, "low | medium | high (IPv6)"},
    {"realms", 1, read_realms, "[FROM/]TO"},
    {"onlink", 0, [](C& c) { c.entry.hop().onlink = true; },
     "the gateway is on the link, whatever addresses say"},
    {"weight", 1, read_weight, "1..256 of a nexthop"},
    {"nexthop", 0, read_nexthop, "via ADDR [dev IF] [weight N] [onlink]: one of several ways"},
    {"mtu", 0, metric<RTAX_MTU>, "[lock] BYTES"},
    {"advmss", 0, metric<RTAX_ADVMSS>, "[lock] BYTES"},
    {"window", 0, metric<RTAX_WINDOW>, "[lock] BYTES"},
    {"rtt", 0, time_metric<RTAX_RTT, 8>, "[lock] TIME"},
    {"rttvar", 0, time_metric<RTAX_RTTVAR, 4>, "[lock] TIME"},
    {"rto_min", 0, time_metric<RTAX_RTO_MIN, 1>, "[lock] TIME"},
    {"ssthresh", 0, metric<RTAX_SSTHRESH>, "[lock] N"},
    {"cwnd", 0, metric<RTAX_CWND>, "[lock] N"},
    {"reordering", 0, metric<RTAX_REORDERING>, "[lock] N"},
    {"hoplimit", 0, metric<RTAX_HOPLIMIT>, "[lock] N"},
    {"initcwnd", 0, metric<RTAX_INITCWND>, "[lock] N"},
    {"initrwnd", 0, metric<RTAX_INITRWND>, "[lock] N"},
    {"quickack", 0, metric<RTAX_QUICKACK>, "[lock] 0 | 1"},
    {"fastopen_no_cookie", 0, metric<RTAX_FASTOPEN_NO_COOKIE>, "[lock] 0 | 1"},
    {"features", 1, read_features, "ecn"},
    {"congctl", 0, read_congestion_control, "[lock] NAME"},
    {"ttl-propagate", 1, read_ttl_propagate, "enabled | disabled (MPLS)"},
    {"encap", 0, [](C& c) { c.refuse("encap is not served"); }, "not served: the route is skipped"},
    {"vrf", 1, [](C& c) { c.refuse("vrf is not served, say table"); }, "not served: say table"},
    {"add", 0, action<RouteAction::add>, "not beside one of the same destination"},
    {"append", 0, action<RouteAction::append>, "behind those of the same destination"},
    {"prepend", 0, action<RouteAction::prepend>, "before those of the same destination (default)"},
    {"no_track", 0, [](C& c) { c.entry.out.no_track = true; }, "do not put it back when somebody deletes it"},
    {"track_group", 1, [](C& c) { c.entry.out.track_group = c.argument(); },
     "G: static routes; gone for good is FAULT of its instances"},
};

// IPv4 as ip-route(8): what needs no gateway is on the link.
std::uint8_t default_scope(const RouteEntry& route) {
    if (route.family == Family::v6) return RT_SCOPE_UNIVERSE;
    if (route.type == RTN_LOCAL) return RT_SCOPE_HOST;
    if (route.type == RTN_BROADCAST || route.type == RTN_MULTICAST || route.type == RTN_ANYCAST)
        return RT_SCOPE_LINK;
    const auto has_gateway = [](const NextHop& hop) { return hop.gateway.has_value(); };
    if (route.type == RTN_UNICAST && !std::ranges::any_of(route.hops, has_gateway)) return RT_SCOPE_LINK;
    return RT_SCOPE_UNIVERSE;
}

void complete(C& c) {
    RouteEntry& out = c.entry.out;
    if (!c.entry.destination_given) return c.refuse("there is no destination");
    out.family = c.entry.family.value_or(Family::v4);
    if (out.destination.length == 0) out.destination = {unspecified(out.family), 0};
    for (NextHop& hop : out.hops) {
        if (hop.device.empty()) hop.device = c.entry.base.device;
    }
    if (out.hops.empty() && c.entry.base_used) out.hops.push_back(c.entry.base);
    const bool leads_somewhere = out.type <= RTN_MULTICAST;
    if (leads_somewhere && out.hops.empty()) return c.refuse("it has neither 'via' nor 'dev'");
    for (const NextHop& hop : out.hops) {
        if (hop.device.empty() && !hop.gateway) return c.refuse("it has neither 'via' nor 'dev'");
    }
    const bool own_table = out.type == RTN_LOCAL || out.type == RTN_BROADCAST || out.type == RTN_ANYCAST;
    if (own_table && out.table == kTableMain) out.table = kTableLocal;
    if (!out.scope) out.scope = default_scope(out);
}

}  // namespace

std::span<const Row> route_words() {
    return kWords;
}

std::optional<RouteEntry> read_route(const Statement& statement, common::Diagnostics& diagnostics) {
    C call{statement, diagnostics, "route"};
    while (call.good && call.more()) {
        if (apply_word(call, route_words())) continue;
        if (!call.entry.destination_given) {
            read_destination(call);
            ++call.at;
        } else {
            report_unknown_word(call, route_words());
        }
    }
    if (call.good) complete(call);
    if (!call.good) return std::nullopt;
    call.entry.out.text = text_of(statement);
    call.entry.out.where = statement.where;
    return std::move(call.entry.out);
}

}  // namespace vrrpd::config
