// One line of virtual_ipaddress, virtual_ipaddress_excluded, static_ipaddress:
//   ADDR[/PREFIX] [dev IF] [brd A|+|-] [scope S] [label L] [peer A] ...
#include <algorithm>

#include "common/text.h"
#include "vrrpd/config/entry_words.h"
#include "vrrpd/config/keyword.h"

namespace vrrpd::config {

namespace {

using EntryCall = WordCall<AddressEntry>;

constexpr std::size_t kMaxLabel = 15;

bool is_v6(const EntryCall& c) {
    return c.entry.address.family() == packet::Family::v6;
}

struct ScopeRow {
    std::string_view name;
    std::uint8_t value;
};
// RT_SCOPE_* of <linux/rtnetlink.h>
constexpr ScopeRow kScopes[] = {{"global", 0}, {"site", 200}, {"link", 253}, {"host", 254}, {"nowhere", 255}};

void read_broadcast(EntryCall& c) {
    if (is_v6(c)) {
        c.warn("IPv6 has no broadcast; the entry is skipped");
        c.good = false;
    } else if (c.argument() == "+") {
        c.entry.broadcast_auto = true;
    } else if (c.argument() == "-") {
        c.entry.broadcast_zero = true;
    } else {
        const auto address = IpAddress::parse(c.argument());
        if (address && address->family() == packet::Family::v4)
            c.entry.broadcast = *address;
        else
            c.warn("'" + c.argument() + "' is no IPv4 broadcast address; ignored");
    }
}

void read_scope(EntryCall& c) {
    const auto row = std::ranges::find(kScopes, std::string_view(c.argument()), &ScopeRow::name);
    if (row != std::end(kScopes)) {
        c.entry.scope = row->value;
    } else if (const auto number = common::parse_number(c.argument(), 0, 255)) {
        c.entry.scope = static_cast<std::uint8_t>(*number);
    } else {
        c.warn("scope '" + c.argument() + "' is not known; ignored");
    }
    if (is_v6(c)) c.warn("scope is ignored for IPv6");
}

void read_label(EntryCall& c) {
    if (is_v6(c)) return c.warn("labels are for IPv4 only; ignored");
    if (c.argument().size() > kMaxLabel) {
        return c.warn("label '" + c.argument() + "' has more than 15 characters; ignored");
    }
    c.entry.label = c.argument();
}

void read_peer(EntryCall& c) {
    std::string_view text = c.argument();
    text = text.substr(0, text.find('/'));
    const auto address = IpAddress::parse(text);
    if (!address || address->family() != c.entry.address.family()) {
        c.warn("peer '" + c.argument() + "' is no address of the same family; the entry is skipped");
        c.good = false;
        return;
    }
    c.entry.peer = *address;
}

void read_preferred(EntryCall& c) {
    if (c.argument() == "forever") {
        c.entry.preferred_lifetime = 0xffffffffU;
    } else if (const auto number = common::parse_number(c.argument(), 0, 0xffffffffLL)) {
        c.entry.preferred_lifetime = static_cast<std::uint32_t>(*number);
    } else {
        c.warn("preferred_lft '" + c.argument() + "' is neither seconds nor forever; ignored");
    }
}

constexpr WordRow<AddressEntry> kKeywords[] = {
    {"dev", 1, [](EntryCall& c) { c.entry.device = c.argument(); },
     "IF to set it on; default: the instance's interface"},
    {"brd", 1, read_broadcast,
     "A | + (all host bits set) | - (all host bits zero): broadcast address; default none"},
    {"broadcast", 1, read_broadcast, "as brd"},
    {"scope", 1, read_scope, "global | site | link | host | nowhere | 0..255; default global"},
    {"label", 1, read_label, "NAME of at most 15 characters, IPv4 only"},
    {"peer", 1, read_peer, "A: the other end of a point-to-point link"},
    {"home", 0, [](EntryCall& c) { c.entry.home = true; }, "IPv6 home address flag"},
    {"-nodad", 0, [](EntryCall& c) { c.entry.nodad = false; }, "IPv6: do detect duplicate addresses"},
    {"mngtmpaddr", 0, [](EntryCall& c) { c.entry.mngtmpaddr = true; }, "IPv6: manage temporary addresses"},
    {"noprefixroute", 0, [](EntryCall& c) { c.entry.noprefixroute = true; }, "no route for the prefix"},
    {"autojoin", 0, [](EntryCall& c) { c.entry.autojoin = true; }, "join the multicast group"},
    {"no_track", 0, [](EntryCall& c) { c.entry.no_track = true; },
     "do not put it back when somebody deletes it"},
    {"preferred_lft", 1, read_preferred, "SECONDS | forever"},
    {"use_vmac", 0, [](EntryCall& c) { c.entry.use_vmac = true; },
     "set it on a macvlan with the VRRP MAC on its interface"},
    {"track_group", 1, [](EntryCall& c) { c.entry.track_group = c.argument(); },
     "G: static addresses; gone for good is FAULT of its instances"},
};

bool read_address(EntryCall& c) {
    std::string_view text = c.statement.words[0].text;
    const auto slash = text.find('/');
    const auto address = IpAddress::parse(text.substr(0, slash));
    if (!address) {
        c.warn("is no IPv4 or IPv6 address; the entry is skipped");
        return false;
    }
    c.entry.address = *address;
    const int longest = is_v6(c) ? 128 : 32;
    c.entry.prefix = static_cast<std::uint8_t>(longest);
    if (slash == std::string_view::npos) return true;
    const auto prefix = common::parse_number(text.substr(slash + 1), 0, longest);
    if (prefix) {
        c.entry.prefix = static_cast<std::uint8_t>(*prefix);
        c.entry.prefix_given = true;
    } else {
        c.warn("prefix length '" + std::string(text.substr(slash + 1)) + "' is not from 0 to " +
               std::to_string(longest) + "; " + std::to_string(longest) + " is used");
    }
    return true;
}

}  // namespace

std::span<const WordRow<AddressEntry>> address_entry_words() {
    return kKeywords;
}

std::optional<AddressEntry> read_address_entry(const Statement& statement, common::Diagnostics& diagnostics) {
    EntryCall call{statement, diagnostics, "address"};
    call.entry.where = statement.where;
    if (!read_address(call)) return std::nullopt;
    call.at = 1;
    while (call.good && call.more()) {
        if (!apply_word(call, address_entry_words())) report_unknown_word(call, address_entry_words());
    }
    if (!call.good) return std::nullopt;
    if (call.entry.peer)
        call.entry.broadcast.reset(), call.entry.broadcast_auto = call.entry.broadcast_zero = false;
    return std::move(call.entry);
}

}  // namespace vrrpd::config
