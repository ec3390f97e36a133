// One line of virtual_ipaddress, virtual_ipaddress_excluded, static_ipaddress:
//   ADDR[/PREFIX] [dev IF] [brd A|+|-] [scope S] [label L] [peer A] ...
#include <algorithm>

#include "common/text.h"
#include "vrrpd/config/keyword.h"

namespace vrrpd::config {

// The entry being read and its words; functions say what is wrong and clear `good` when the entry cannot be
// used.
struct EntryCall {
    const Statement& statement;
    common::Diagnostics& diagnostics;
    AddressEntry entry;
    std::size_t at = 1;  // word after the keyword
    bool good = true;

    const std::string& argument() const { return statement.words[at].text; }
    bool v6() const { return entry.address.family() == packet::Family::v6; }
    void warn(const std::string& text) {
        diagnostics.warning(statement.where, "address " + statement.words[0].text + ": " + text);
    }
};

namespace {

constexpr std::size_t kMaxLabel = 15;

struct ScopeRow {
    std::string_view name;
    std::uint8_t value;
};
// RT_SCOPE_* of <linux/rtnetlink.h>
constexpr ScopeRow kScopes[] = {{"global", 0}, {"site", 200}, {"link", 253}, {"host", 254}, {"nowhere", 255}};

void read_broadcast(EntryCall& c) {
    if (c.v6()) {
        c.warn("IPv6 has no broadcast; the entry is skipped");
        c.good = false;
    } else if (c.argument() == "+") {
        c.entry.broadcast_auto = true;
    } else if (c.argument() != "-") {
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
    if (c.v6()) c.warn("scope is ignored for IPv6");
}

void read_label(EntryCall& c) {
    if (c.v6()) return c.warn("labels are for IPv4 only; ignored");
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

constexpr EntryKeyword kKeywords[] = {
    {"dev", 1, [](EntryCall& c) { c.entry.device = c.argument(); },
     "IF to set it on; default: the instance's interface"},
    {"brd", 1, read_broadcast, "A | + (all host bits set) | - (none, default): broadcast address"},
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
    {"use_vmac", 0, [](EntryCall& c) { c.warn("use_vmac has no effect yet"); },
     "set it on the instance's VMAC (no effect yet)"},
    {"track_group", 1, [](EntryCall& c) { c.warn("track_group has no effect yet"); },
     "G: static addresses only (no effect yet)"},
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
    const int longest = c.v6() ? 128 : 32;
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

std::span<const EntryKeyword> address_entry_keywords() {
    return kKeywords;
}

std::optional<AddressEntry> read_address_entry(const Statement& statement, common::Diagnostics& diagnostics) {
    EntryCall call{statement, diagnostics, {}};
    call.entry.where = statement.where;
    if (!read_address(call)) return std::nullopt;
    const std::size_t count = statement.words.size();
    while (call.good && call.at < count) {
        const std::string& name = statement.words[call.at].text;
        const auto row = std::ranges::find(kKeywords, std::string_view(name), &EntryKeyword::name);
        ++call.at;
        if (row == std::end(kKeywords)) {
            std::vector<std::string_view> names;
            for (const EntryKeyword& known : kKeywords) names.push_back(known.name);
            call.warn("'" + name + "' is not understood; ignored" + common::did_you_mean(name, names));
        } else if (call.at + row->arguments > count) {
            call.warn("'" + name + "' wants an argument; ignored");
        } else {
            row->apply(call);
            call.at += row->arguments;
        }
    }
    if (!call.good) return std::nullopt;
    if (call.entry.peer) call.entry.broadcast.reset(), call.entry.broadcast_auto = false;
    return std::move(call.entry);
}

}  // namespace vrrpd::config
