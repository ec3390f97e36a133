// What moves priorities: the track_ blocks of vrrp_instance and vrrp_sync_group.
#include "vrrpd/config/keyword.h"

namespace vrrpd::config {
namespace {

template <fsm::TrackKind Kind, int Most>
void read_named(Call& call, TrackDraft& out) {
    for (const Statement& line : call.block()) {
        Call entry(line, call.draft(), call.diagnostics());
        TrackReference reference{Kind, line.name(), std::nullopt, std::nullopt, line.where};
        entry.weight(1, Most, reference.weight, reference.reverse);
        out.named.push_back(std::move(reference));
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

// keepalived would hold an instance with an unweighted BFD session in FAULT until the session is up.
void refuse_bfd(Call& call, TrackDraft&) {
    std::string names;
    for (const Statement& line : call.block()) names += (names.empty() ? "" : ", ") + line.name();
    call.warn(
        "BFD is not served: " + (names.empty() ? "nothing" : names) +
        " is not followed, and a lost session moves nothing; use a vrrp_script that asks the BFD daemon");
}

using fsm::TrackKind;
constexpr Keyword<TrackDraft> kKeywords[] = {
    {"track_script", read_named<TrackKind::script, 253>, Effect::full,
     "{ SCRIPT [weight W [reverse]] }; default: the script's weight"},
    {"track_interface", read_interfaces, Effect::full,
     "{ IF [weight W [reverse]] }: weight 0 (default): down is FAULT"},
    {"track_proxy", read_proxy, Effect::full,
     "[{ weight W [reverse] }]: follows the control link to proxyd; weight 0 (default): lost is FAULT"},
    {"track_file", read_named<TrackKind::file, 254>, Effect::full,
     "{ FILE [weight W [reverse]] }: the number in the file times W is added; W 0: other than 0 is FAULT"},
    {"track_process", read_named<TrackKind::process, 254>, Effect::full,
     "{ PROCESS [weight W [reverse]] }; weight 0 (default): too few or too many is FAULT"},
    {"track_bfd", refuse_bfd, Effect::refused, "{ BFD [weight W] }: not followed"},
};

}  // namespace

std::span<const Keyword<TrackDraft>> track_keywords() {
    return kKeywords;
}

}  // namespace vrrpd::config
