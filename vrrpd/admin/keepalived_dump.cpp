#include "vrrpd/admin/keepalived_dump.h"

#include <spdlog/fmt/fmt.h>

namespace vrrpd::admin {
namespace {

using config::AddressEntry;
using engine::Counters;
using packet::DropReason;

template <DropReason... Reasons>
std::uint64_t dropped(const Counters& counters) {
    return (counters.dropped[static_cast<std::size_t>(Reasons)] + ...);
}
template <std::uint64_t Counters::* Member>
std::uint64_t counted(const Counters& counters) {
    return counters.*Member;
}

// A type of authentication that VRRP does not have cannot be told from one that is not configured here.
std::uint64_t none(const Counters&) {
    return 0;
}

constexpr Tally kTallies[] = {
    {"advert_rcvd", "Advertisements", "Received", "advertisements_received",
     counted<&Counters::adverts_received>},
    {"advert_sent", "", "Sent", "advertisements_sent", counted<&Counters::adverts_sent>},
    {"become_master", "", "Became master", "become_master", counted<&Counters::became_master>},
    {"release_master", "", "Released master", "release_master", counted<&Counters::released_master>},
    {"packet_len_err", "Packet Errors", "Length", "packet_length_errors",
     dropped<DropReason::too_short, DropReason::length>},
    {"advert_interval_err", "", "Advertisement Interval", "advertisements_interval_errors",
     dropped<DropReason::interval>},
    {"ip_ttl_err", "", "TTL", "ip_ttl_errors", dropped<DropReason::ttl>},
    {"invalid_type_rcvd", "", "Invalid Type", "invalid_type_received", dropped<DropReason::type>},
    {"addr_list_err", "", "Address List", "address_list_errors", counted<&Counters::address_list_differs>},
    {"invalid_authtype", "Authentication Errors", "Invalid Type", "authentication_invalid", none},
    {"authtype_mismatch", "", "Type Mismatch", "authentication_mismatch", dropped<DropReason::auth_type>},
    {"auth_failure", "", "Failure", "authentication_failure", dropped<DropReason::password>},
    {"pri_zero_rcvd", "Priority Zero", "Received", "priority_zero_received",
     counted<&Counters::priority_zero_received>},
    {"pri_zero_sent", "", "Sent", "priority_zero_sent", counted<&Counters::priority_zero_sent>},
};

// keepalived.stats has another order than the JSON.
constexpr std::size_t kOrderOfStats[] = {0, 1, 2, 3, 4, 6, 7, 5, 8, 9, 10, 11, 12, 13};
static_assert(std::size(kOrderOfStats) == std::size(kTallies));

std::string scope_name(std::uint8_t scope) {
    switch (scope) {
        case 0:
            return "global";
        case 200:
            return "site";
        case 253:
            return "link";
        case 254:
            return "host";
        case 255:
            return "nowhere";
        default:
            return std::to_string(scope);
    }
}

std::string broadcast_of(const AddressEntry& entry) {
    if (entry.broadcast) return entry.broadcast->to_string();
    const auto bytes = entry.address.bytes();
    std::uint32_t host = 0;
    for (std::size_t i = 0; i < 4; ++i) host = host << 8 | bytes[i];
    host |= entry.prefix == 0 ? ~0U : (1U << (32 - entry.prefix)) - 1;
    return fmt::format("{}.{}.{}.{}", host >> 24, host >> 16 & 255, host >> 8 & 255, host & 255);
}

}  // namespace

std::span<const Tally> tallies() {
    return kTallies;
}

int state_number(fsm::Role role) {
    switch (role) {
        case fsm::Role::init:
            return 0;
        case fsm::Role::backup:
            return 1;
        case fsm::Role::master:
        case fsm::Role::yielding:
            return 2;
        case fsm::Role::fault:
            return 3;
        case fsm::Role::stopping:
        case fsm::Role::stopped:
            break;
    }
    return 98;
}

std::string describe_address(const AddressEntry& entry, const std::string& interface, bool set) {
    const bool v6 = entry.address.family() == packet::Family::v6;
    const int whole = v6 ? 128 : 32;
    std::string out = entry.address.to_string();
    if (entry.prefix != whole) out += "/" + std::to_string(entry.prefix);
    if (entry.peer) out += " peer " + entry.peer->to_string();
    if (entry.broadcast || (entry.broadcast_auto && !v6 && entry.prefix < 32))
        out += " brd " + broadcast_of(entry);
    out += " dev " + (entry.device.empty() ? interface : entry.device) + " scope " + scope_name(entry.scope);
    if (!entry.label.empty()) out += " label " + entry.label;
    struct Flag {
        bool on;
        const char* word;
    };
    for (const auto& [on, word] :
         {Flag{entry.home, "home"}, Flag{v6 && !entry.nodad, "-nodad"}, Flag{entry.mngtmpaddr, "mngtmpaddr"},
          Flag{entry.noprefixroute, "noprefixroute"}, Flag{entry.autojoin, "autojoin"},
          Flag{entry.no_track, "no_track"}}) {
        if (on) out += std::string(" ") + word;
    }
    if (v6) {
        const auto lifetime = entry.preferred_lifetime.value_or(entry.prefix == whole ? 0 : ~0U);
        out += lifetime == 0     ? std::string(" deprecated")
               : lifetime == ~0U ? std::string(" preferred_lft forever")
                                 : " preferred_lft " + std::to_string(lifetime);
    }
    return out + (set ? " set" : "");
}

std::string describe_command(const config::Command& command) {
    std::string out;
    for (const std::string& word : command.argv) out += (out.empty() ? "'" : " '") + word + "'";
    return out;
}

Dump dump_of(const engine::Engine& engine) {
    Dump dump{engine.config(), {}, {}, {}};
    dump.result_of = [&engine](const fsm::TrackRule& rule) { return engine.result_of(rule); };
    dump.role_of_group = [&engine](const std::string& group) { return engine.groups().role(group); };
    for (const auto& router : engine.routers()) {
        const auto& history = router->history();
        dump.instances.push_back(
            {router->settings(), router->params(), router->state(), router->counters(),
             history.empty() ? std::chrono::system_clock::time_point{} : history.back().at,
             router->holds_addresses(),
             [one = router.get()](const AddressEntry& entry) { return one->is_set(entry); }});
    }
    return dump;
}

std::string keepalived_stats(const Dump& dump) {
    std::string out;
    for (const DumpInstance& instance : dump.instances) {
        out += "VRRP Instance: " + instance.settings.name + "\n";
        for (const std::size_t row : kOrderOfStats) {
            const Tally& tally = kTallies[row];
            if (!tally.heading.empty()) out += fmt::format("  {}:\n", tally.heading);
            // Two that stand by themselves.
            const bool alone = tally.label.ends_with(" master");
            out +=
                fmt::format("{}{}: {}\n", alone ? "  " : "    ", tally.label, tally.value(instance.counters));
        }
    }
    return out;
}

}  // namespace vrrpd::admin
