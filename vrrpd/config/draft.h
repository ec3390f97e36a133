// What the keyword functions fill while the files are read: the model, and beside it what can only be settled
// when everything is known (defaults of global_defs, scripts defined later).
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "vrrpd/config/model.h"

namespace vrrpd::config {

// A line of track_script, track_file or track_process: what it names may be defined further down.
struct TrackReference {
    fsm::TrackKind kind = fsm::TrackKind::script;
    std::string name;
    std::optional<int> weight;
    std::optional<bool> reverse;
    common::Location where;
};

// What the track_ blocks of an instance or a group say.
struct TrackDraft {
    std::vector<TrackReference> named;
    std::vector<Track> direct;  // interfaces, the proxy link: nothing to look up
};

struct InstanceDraft {
    Instance out;
    bool vrid_given = false;
    std::optional<std::uint8_t> priority;
    std::optional<int> version;
    std::optional<Duration> advert_interval;
    common::Location interval_where, auth_where, state_where;
    bool auth_type_given = false;
    std::optional<int> down_timer_adverts;
    std::optional<bool> check_unicast_source;
    std::optional<bool> accept;
    bool transmit_base = false;      // vmac_xmit_base
    bool vmac_addresses = false;     // use_vmac_addr
    bool without_addresses = false;  // no_virtual_ipaddress
    bool native_ipv6 = false;
    TrackDraft tracks;
};

struct SyncGroupDraft {
    SyncGroup out;
    TrackDraft tracks;
};

struct Draft {
    Config config;
    std::vector<SyncGroupDraft> sync_groups;
    std::vector<InstanceDraft> instances;
    std::uint32_t unnumbered_rules = 0;
    // Of kernel load balancing only what another block names.
    struct LvsReference {
        std::string name;
        common::Location where;
    };
    std::set<std::string> lvs_groups;
    std::vector<LvsReference> lvs_groups_wanted, lvs_files_wanted;
};

}  // namespace vrrpd::config
