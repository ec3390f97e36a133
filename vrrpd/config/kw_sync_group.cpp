// vrrp_sync_group NAME { ... }
#include "vrrpd/config/keyword.h"

namespace vrrpd::config {
namespace {

void read_group(Call& call, SyncGroup& group) {
    for (const Statement& line : call.block()) {
        for (const Word& word : line.words) group.members.push_back(word.text);
    }
}

void keep_weights(Call& call, SyncGroup& group) {
    group.member_weights = call.boolean().value_or(true);
}

constexpr Keyword<SyncGroup> kKeywords[] = {
    {"group", read_group, Effect::full, "{ INSTANCE... }: the members"},
    {"global_tracking", keep_weights, Effect::full, "old name of sync_group_tracking_weight"},
    {"sync_group_tracking_weight", keep_weights, Effect::full,
     "[BOOL]: members keep the weights of their own checks"},
};

}  // namespace

std::span<const Keyword<SyncGroup>> sync_group_keywords() {
    return kKeywords;
}

}  // namespace vrrpd::config
