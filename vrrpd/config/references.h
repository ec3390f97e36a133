// What blocks say of each other, looked at when all are read: names that must exist, numbers that must be
// unique. Complaints go to `diagnostics`.
#pragma once

#include "vrrpd/config/draft.h"

namespace vrrpd::config {

// Interface, family, VRID and group or source: one instance each. Errors.
void check_unique(const Config& config, common::Diagnostics& diagnostics);

// Sync groups keep the members that there are, each in one group; without any they are dropped.
void settle_groups(Draft& draft, common::Diagnostics& diagnostics);

// track_group: every item's group exists, and every member.
void settle_track_groups(Draft& draft, common::Diagnostics& diagnostics);

// interface_up_down_delays: shortened to what the instances there can bear.
void settle_link_delays(Config& config, common::Diagnostics& diagnostics);

}  // namespace vrrpd::config
