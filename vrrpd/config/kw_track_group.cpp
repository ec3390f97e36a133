// track_group NAME { ... }
#include "vrrpd/config/keyword.h"

namespace vrrpd::config {
namespace {

void read_group(Call& call, TrackGroup& group) {
    for (const Statement& line : call.block()) {
        for (const Word& word : line.words) group.members.push_back(word.text);
    }
}

constexpr Keyword<TrackGroup> kKeywords[] = {
    {"group", read_group, Effect::full, "{ INSTANCE... }: that are in FAULT while an item is missing"},
};

}  // namespace

std::span<const Keyword<TrackGroup>> track_group_keywords() {
    return kKeywords;
}

}  // namespace vrrpd::config
