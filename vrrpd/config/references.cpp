#include "vrrpd/config/references.h"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "common/keyword_table.h"

namespace vrrpd::config {

using packet::Family;

void check_unique(const Config& config, common::Diagnostics& diagnostics) {
    // Unicast routers of one VRID do not hear each other.
    using Key = std::tuple<std::string, Family, int, IpAddress>;
    std::map<Key, const Instance*> seen;
    for (const Instance& instance : config.instances) {
        if (instance.vrid == 0 || instance.interface.empty()) continue;
        const IpAddress channel = instance.unicast() ? instance.source.value_or(IpAddress())
                                                     : multicast_group(config.globals, instance);
        const auto [at, fresh] =
            seen.emplace(Key{instance.interface, instance.family, instance.vrid, channel}, &instance);
        if (fresh) continue;
        const Instance& first = *at->second;
        diagnostics.error(instance.vrid_where, instance.name + ": virtual_router_id " +
                                                   std::to_string(instance.vrid) + " is already used by " +
                                                   first.name + " on interface " + instance.interface + " (" +
                                                   std::string(first.vrid_where.file) + ":" +
                                                   std::to_string(first.vrid_where.line) + ")");
    }
}

// Members that there are, each in one group; unknown ones are told of and left out.
void settle_groups(Draft& draft, common::Diagnostics& diagnostics) {
    std::map<std::string, std::string> group_of;
    std::vector<std::string_view> names;
    for (const InstanceDraft& instance : draft.instances) names.push_back(instance.out.name);
    for (SyncGroupDraft& one : draft.sync_groups) {
        SyncGroup& group = one.out;
        const auto complain = [&](const std::string& text) {
            diagnostics.warning(group.where, group.name + ": " + text);
        };
        std::erase_if(group.members, [&](const std::string& member) {
            if (std::ranges::find(names, std::string_view(member)) == names.end()) {
                complain("there is no vrrp_instance '" + member + "'" + common::did_you_mean(member, names));
                return true;
            }
            const auto [at, fresh] = group_of.emplace(member, group.name);
            if (!fresh) complain("'" + member + "' is already in group " + at->second);
            return !fresh;
        });
        if (group.members.empty()) complain("'group' names no instance");
        if (group.members.size() == 1) complain("has one member only: it moves alone");
    }
    std::erase_if(draft.sync_groups, [](const SyncGroupDraft& one) { return one.out.members.empty(); });
}

// Every item's group exists, and every member.
void settle_track_groups(Draft& draft, common::Diagnostics& diagnostics) {
    Config& config = draft.config;
    std::vector<std::string_view> groups, instances;
    for (const TrackGroup& group : config.track_groups) groups.push_back(group.name);
    for (const InstanceDraft& instance : draft.instances) instances.push_back(instance.out.name);
    std::set<std::string> used;
    const auto look = [&](const auto& items) {
        for (const auto& item : items) {
            if (item.track_group.empty()) continue;
            used.insert(item.track_group);
            if (std::ranges::find(groups, std::string_view(item.track_group)) == groups.end())
                diagnostics.warning(item.where, "there is no track_group '" + item.track_group +
                                                    "': nobody minds if this is missing" +
                                                    common::did_you_mean(item.track_group, groups));
        }
    };
    look(config.static_addresses);
    look(config.static_routes);
    look(config.static_rules);
    for (const TrackGroup& group : config.track_groups) {
        if (!used.contains(group.name))
            diagnostics.warning(group.where, "track_group '" + group.name + "': no static item names it");
        for (const std::string& member : group.members) {
            if (std::ranges::find(instances, std::string_view(member)) == instances.end())
                diagnostics.warning(group.where, group.name + ": there is no vrrp_instance '" + member + "'" +
                                                     common::did_you_mean(member, instances));
        }
    }
}

// A change that an instance does not see for longer than its peers wait would make two masters of them.
void settle_link_delays(Config& config, common::Diagnostics& diagnostics) {
    for (LinkDelay& delay : config.link_delays) {
        for (const Instance& instance : config.instances) {
            const auto follows = [&](const Track& track) {
                return track.rule.kind == fsm::TrackKind::interface && track.rule.name == delay.interface;
            };
            if (instance.interface != delay.interface && std::ranges::none_of(instance.tracks, follows))
                continue;
            const Duration most = instance.advert_interval * (instance.down_timer_adverts - 1);
            if (delay.down < most && delay.up < most) continue;
            delay.down = std::min(delay.down, most);
            delay.up = std::min(delay.up, most);
            diagnostics.warning(delay.where, "delays of " + delay.interface +
                                                 ": reduced below what the peers of " + instance.name +
                                                 " wait for its adverts");
        }
    }
}

}  // namespace vrrpd::config
