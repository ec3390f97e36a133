// vrrp_sync_group NAME { ... }
#include "vrrpd/config/keyword.h"

namespace vrrpd::config {
namespace {

void read_group(Call& call, SyncGroup& group) {
    for (const Statement& line : call.block()) {
        for (const Word& word : line.words) group.members.push_back(word.text);
    }
}

constexpr Keyword<SyncGroup> kKeywords[] = {
    {"group", read_group, Effect::full, "{ INSTANCE... }: the members"},
    {"track_interface", nullptr, Effect::not_yet, "{ IF [weight W] }: for all members"},
    {"track_script", nullptr, Effect::not_yet, "{ SCRIPT [weight W] }: for all members"},
    {"track_file", nullptr, Effect::not_yet, "{ FILE [weight W] }: for all members"},
    {"track_process", nullptr, Effect::not_yet, "{ PROCESS [weight W] }: for all members"},
    {"track_bfd", nullptr, Effect::not_yet, "{ BFD [weight W] }: for all members"},
    {"global_tracking", nullptr, Effect::internal, "deprecated"},
    {"sync_group_tracking_weight", nullptr, Effect::not_yet, "members keep their own weights"},
};

}  // namespace

std::span<const Keyword<SyncGroup>> sync_group_keywords() {
    return kKeywords;
}

}  // namespace vrrpd::config
