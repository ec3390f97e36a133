// One line of virtual_rules or static_rules, in the words of ip-rule(8).
#include <linux/fib_rules.h>
#include <netdb.h>

#include "common/text.h"
#include "vrrpd/config/entry_words.h"
#include "vrrpd/config/iproute_names.h"
#include "vrrpd/config/keyword.h"
#include "vrrpd/config/list_entries.h"

namespace vrrpd::config {

struct RuleDraft {
    RuleEntry out;
    std::optional<packet::Family> family;
    bool action_given = false;
    bool priority_given = false;
};

namespace {

using packet::Family;
using Row = WordRow<RuleDraft>;
using C = WordCall<RuleDraft>;

template <std::optional<Prefix> RuleEntry::* Member>
void prefix(C& c) {
    const std::string& text = c.argument();
    if (text == "all" || text == "any" || text == "default") return;
    const auto value = parse_prefix(text);
    if (!value) return c.refuse("'" + text + "' is no ADDRESS[/PREFIX]");
    if (c.entry.family.value_or(value->address.family()) != value->address.family())
        return c.refuse("addresses of both families");
    c.entry.family = value->address.family();
    c.entry.out.*Member = *value;
}

template <Family Wanted>
void family(C& c) {
    if (c.entry.family && *c.entry.family != Wanted) return c.refuse("addresses of both families");
    c.entry.family = Wanted;
}

void set_action(C& c, std::uint8_t action) {
    if (c.entry.action_given) return c.refuse("it has two actions");
    c.entry.action_given = true;
    c.entry.out.action = action;
}

template <std::uint8_t Action>
void action(C& c) {
    set_action(c, Action);
}

void read_table(C& c) {
    const auto table = named_number(NameKind::table, c.argument(), 0xffffffff);
    if (!table || *table == 0)
        return c.refuse("'" + c.argument() + "' is neither a number nor a known table");
    set_action(c, FR_ACT_TO_TBL);
    c.entry.out.table = *table;
}

void read_goto(C& c) {
    const auto target = plain_number(c.argument(), 0xffffffff);
    if (!target) return c.refuse("goto wants the number of a rule");
    set_action(c, FR_ACT_GOTO);
    c.entry.out.target = static_cast<std::uint32_t>(*target);
}

struct Type {
    std::string_view name;
    std::uint8_t action;
};
constexpr Type kTypes[] = {
    {"blackhole", FR_ACT_BLACKHOLE}, {"unreachable", FR_ACT_UNREACHABLE}, {"prohibit", FR_ACT_PROHIBIT}};

void read_type(C& c) {
    const auto row = std::ranges::find(kTypes, std::string_view(c.argument()), &Type::name);
    if (row == std::end(kTypes)) return c.refuse("type is blackhole, unreachable or prohibit");
    set_action(c, row->action);
}

void read_priority(C& c) {
    const auto value = plain_number(c.argument(), 0xffffffff);
    if (!value) return c.refuse("'" + c.argument() + "' is no preference");
    c.entry.out.priority = static_cast<std::uint32_t>(*value);
    c.entry.priority_given = true;
}

void read_mark(C& c) {
    const std::string_view text = c.argument();
    const auto slash = text.find('/');
    const auto mark = plain_number(text.substr(0, slash), 0xffffffff);
    const auto mask = slash == std::string_view::npos ? std::optional<std::uint64_t>()
                                                      : plain_number(text.substr(slash + 1), 0xffffffff);
    if (!mark || (slash != std::string_view::npos && !mask)) return c.refuse("fwmark is MARK[/MASK]");
    c.entry.out.mark = static_cast<std::uint32_t>(*mark);
    if (mask) c.entry.out.mask = static_cast<std::uint32_t>(*mask);
}

void read_tos(C& c) {
    const auto value = named_number(NameKind::tos, c.argument(), 255);
    if (!value) return c.refuse("'" + c.argument() + "' is no type of service");
    c.entry.out.tos = static_cast<std::uint8_t>(*value);
}

void read_realms(C& c) {
    const auto realms = parse_realms(c.argument());
    if (!realms) return c.refuse("'" + c.argument() + "' are no realms ([FROM/]TO)");
    c.entry.out.realms = *realms;
}

void read_suppress_prefix(C& c) {
    const auto value = plain_number(c.argument(), 128);
    if (!value) return c.refuse("suppress_prefixlength is from 0 to 128");
    c.entry.out.suppress_prefix_length = static_cast<std::uint32_t>(*value);
}

void read_suppress_group(C& c) {
    const auto value = named_number(NameKind::group, c.argument(), 0x7fffffff);
    if (!value) return c.refuse("'" + c.argument() + "' is no group of interfaces");
    c.entry.out.suppress_group = *value;
}

void read_l3mdev(C& c) {
    set_action(c, FR_ACT_TO_TBL);
    c.entry.out.l3mdev = true;
}

// "80" or "80-90"
template <class Value>
std::optional<std::pair<Value, Value>> range(std::string_view text, std::uint64_t highest) {
    const auto dash = text.find('-');
    const auto first = plain_number(text.substr(0, dash), highest);
    const auto last = dash == std::string_view::npos ? first : plain_number(text.substr(dash + 1), highest);
    if (!first || !last || *first > *last) return std::nullopt;
    return std::pair{static_cast<Value>(*first), static_cast<Value>(*last)};
}

void read_users(C& c) {
    c.entry.out.users = range<std::uint32_t>(c.argument(), 0xfffffffe);
    if (!c.entry.out.users) c.refuse("uidrange is FIRST-LAST");
}

template <auto Member>
void ports(C& c) {
    c.entry.out.*Member = range<std::uint16_t>(c.argument(), 65535);
    if (!(c.entry.out.*Member) || (c.entry.out.*Member)->first == 0) c.refuse("ports are PORT or FIRST-LAST");
}

void read_ip_protocol(C& c) {
    auto number = plain_number(c.argument(), 255);
    if (!number) {
        const protoent* known = ::getprotobyname(c.argument().c_str());
        if (known != nullptr) number = static_cast<std::uint64_t>(known->p_proto);
    }
    if (!number) return c.refuse("'" + c.argument() + "' is no IP protocol");
    c.entry.out.ip_protocol = static_cast<std::uint8_t>(*number);
}

void read_tunnel(C& c) {
    c.entry.out.tunnel = plain_number(c.argument(), 0xffffffffffffffff);
    if (!c.entry.out.tunnel) c.refuse("'" + c.argument() + "' is no tunnel id");
}

void read_protocol(C& c) {
    const auto value = named_number(NameKind::protocol, c.argument(), 255);
    if (!value) return c.refuse("'" + c.argument() + "' is neither a number nor a known protocol");
    c.entry.out.protocol = static_cast<std::uint8_t>(*value);
}

using R = RuleEntry;
constexpr Row kWords[] = {
    {"inet", 0, family<Family::v4>, "an IPv4 rule"},
    {"inet6", 0, family<Family::v6>, "an IPv6 rule"},
    {"not", 0, [](C& c) { c.entry.out.invert = true; }, "for packets that do not match"},
    {"from", 1, prefix<&R::from>, "PREFIX | all"},
    {"to", 1, prefix<&R::to>, "PREFIX | all"},
    {"iif", 1, [](C& c) { c.entry.out.in_device = c.argument(); }, "IF packets come in by"},
    {"dev", 1, [](C& c) { c.entry.out.in_device = c.argument(); }, "as iif"},
    {"oif", 1, [](C& c) { c.entry.out.out_device = c.argument(); }, "IF of the socket they are sent from"},
    {"tos", 1, read_tos, "type of service"},
    {"dsfield", 1, read_tos, "as tos"},
    {"fwmark", 1, read_mark, "MARK[/MASK]"},
    {"table", 1, read_table, "number or name to look the route up in"},
    {"lookup", 1, read_table, "as table"},
    {"preference", 1, read_priority, "N: lower is asked first"},
    {"pref", 1, read_priority, "as preference"},
    {"order", 1, read_priority, "as preference"},
    {"priority", 1, read_priority, "as preference"},
    {"goto", 1, read_goto, "N of the rule to go on with"},
    {"nop", 0, action<FR_ACT_NOP>, "no effect"},
    {"type", 1, read_type, "blackhole | unreachable | prohibit"},
    {"blackhole", 0, action<FR_ACT_BLACKHOLE>, "drop"},
    {"unreachable", 0, action<FR_ACT_UNREACHABLE>, "answer with network unreachable"},
    {"prohibit", 0, action<FR_ACT_PROHIBIT>, "answer with administratively prohibited"},
    {"realms", 1, read_realms, "[FROM/]TO"},
    {"suppress_prefixlength", 1, read_suppress_prefix, "N: no routes with prefixes of N or shorter"},
    {"suppress_prefixlen", 1, read_suppress_prefix, "as suppress_prefixlength"},
    {"suppress_ifgroup", 1, read_suppress_group, "no routes by interfaces of the group"},
    {"l3mdev", 0, read_l3mdev, "table of the VRF"},
    {"uidrange", 1, read_users, "FIRST-LAST user of the socket"},
    {"ipproto", 1, read_ip_protocol, "IP protocol, by number or name"},
    {"sport", 1, ports<&R::source_ports>, "PORT | FIRST-LAST"},
    {"dport", 1, ports<&R::destination_ports>, "PORT | FIRST-LAST"},
    {"tunnel-id", 1, read_tunnel, "ID"},
    {"tun_id", 1, read_tunnel, "as tunnel-id"},
    {"protocol", 1, read_protocol, "who set it: number or name; default keepalived"},
    {"no_track", 0, [](C& c) { c.entry.out.no_track = true; }, "do not put it back when somebody deletes it"},
    {"track_group", 1, [](C& c) { c.entry.out.track_group = c.argument(); },
     "G: static rules; gone for good is FAULT of its instances"},
};

// Where nothing is said keepalived counts down from here, so that the first stands last.
constexpr std::uint32_t kDefaultPriority = 16384;

}  // namespace

std::span<const Row> rule_words() {
    return kWords;
}

std::optional<RuleEntry> read_rule(const Statement& statement, std::uint32_t& unnumbered,
                                   common::Diagnostics& diagnostics) {
    C call{statement, diagnostics, "rule"};
    while (call.good && call.more()) {
        if (!apply_word(call, rule_words())) report_unknown_word(call, rule_words());
    }
    RuleEntry& out = call.entry.out;
    if (call.good && !call.entry.action_given)
        call.refuse("it has no action (table T, goto N, nop, blackhole)");
    if (!call.good) return std::nullopt;
    out.family = call.entry.family.value_or(Family::v4);
    if (!call.entry.priority_given) {
        out.priority = kDefaultPriority - unnumbered++;
        call.warn("has no preference; " + std::to_string(out.priority) + " is used");
    }
    out.text = text_of(statement);
    out.where = statement.where;
    return std::move(out);
}

}  // namespace vrrpd::config
