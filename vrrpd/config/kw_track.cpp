// What moves priorities: the track_ blocks of vrrp_instance and vrrp_sync_group.
#include "vrrpd/config/keyword.h"

namespace vrrpd::config {
namespace {

void read_scripts(Call& call, TrackDraft& out) {
    for (const Statement& line : call.block()) {
        Call entry(line, call.draft(), call.diagnostics());
        ScriptReference reference{line.name(), std::nullopt, std::nullopt, line.where};
        entry.weight(1, 253, reference.weight, reference.reverse);
        out.scripts.push_back(std::move(reference));
    }
}

void read_interfaces(Call& call, TrackDraft& out) {
    for (const Statement& line : call.block()) {
        Call entry(line, call.draft(), call.diagnostics());
        std::optional<int> weight;
        std::optional<bool> reverse;
        entry.weight(1, 253, weight, reverse);
        out.direct.push_back(
            {{fsm::TrackKind::interface, line.name(), weight.value_or(0), reverse.value_or(false)},
             line.where});
    }
}

void read_proxy(Call& call, TrackDraft& out) {
    std::optional<int> weight;
    std::optional<bool> reverse;
    // "track_proxy", "track_proxy { weight W }": the block's line is a weight without a name before it.
    for (const Statement& line : call.statement().block) {
        Call entry(line, call.draft(), call.diagnostics());
        if (!entry.weight(0, 253, weight, reverse)) return;
    }
    out.direct.push_back(
        {{fsm::TrackKind::proxy, "proxy", weight.value_or(0), reverse.value_or(false)}, call.where()});
}

constexpr Keyword<TrackDraft> kKeywords[] = {
    {"track_script", read_scripts, Effect::full, "{ SCRIPT [weight W [reverse]] }"},
    {"track_interface", read_interfaces, Effect::full,
     "{ IF [weight W [reverse]] }: weight 0 (default): down is FAULT"},
    {"track_proxy", read_proxy, Effect::full,
     "[{ weight W [reverse] }]: follows the control link to proxyd; weight 0 (default): lost is FAULT"},
    {"track_file", nullptr, Effect::not_yet, "{ FILE [weight W] }"},
    {"track_process", nullptr, Effect::not_yet, "{ PROCESS [weight W] }"},
    {"track_bfd", nullptr, Effect::not_yet, "{ BFD [weight W] }"},
};

}  // namespace

std::span<const Keyword<TrackDraft>> track_keywords() {
    return kKeywords;
}

}  // namespace vrrpd::config
