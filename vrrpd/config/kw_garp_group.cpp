// garp_group { ... }
#include "vrrpd/config/keyword.h"

namespace vrrpd::config {
namespace {

template <std::optional<Duration> GarpGroup::* Member>
void seconds(Call& call, GarpGroup& group) {
    if (const auto value = call.seconds(0, 4294)) group.*Member = *value;
}

void read_interfaces(Call& call, GarpGroup& group) {
    for (const Statement& line : call.block()) {
        for (const Word& word : line.words) group.interfaces.push_back(word.text);
    }
}

constexpr Keyword<GarpGroup> kKeywords[] = {
    {"garp_interval", seconds<&GarpGroup::garp_interval>, Effect::full,
     "SECONDS between ARPs on all these interfaces together; default vrrp_garp_interval"},
    {"gna_interval", seconds<&GarpGroup::gna_interval>, Effect::full,
     "SECONDS between neighbour adverts; default vrrp_gna_interval"},
    {"interface",
     [](Call& c, GarpGroup& g) {
         if (auto name = c.text()) g.interfaces.push_back(std::move(*name));
     },
     Effect::full, "IF"},
    {"interfaces", read_interfaces, Effect::full, "{ IF... }"},
};

}  // namespace

std::span<const Keyword<GarpGroup>> garp_group_keywords() {
    return kKeywords;
}

}  // namespace vrrpd::config
