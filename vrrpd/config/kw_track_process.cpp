// vrrp_track_process NAME { ... }
#include "vrrpd/config/keyword.h"

namespace vrrpd::config {
namespace {

constexpr double kMostDelay = 3600;

void read_process(Call& call, TrackProcess& process) {
    if (!call.text()) return;
    process.argv.clear();
    for (std::size_t i = 1; i <= call.count(); ++i) process.argv.push_back(call.word(i));
}

void read_match(Call& call, TrackProcess& process) {
    const auto given = call.text();
    if (!given) return;
    if (*given == "initial") {
        process.match = TrackProcess::Match::initial;
    } else if (*given == "partial") {
        process.match = TrackProcess::Match::partial;
    } else {
        call.warn("'" + *given + "' is neither initial nor partial; ignored");
    }
}

void read_weight(Call& call, TrackProcess& process) {
    const auto value = call.number(-254, 254);
    if (value) process.weight = static_cast<int>(*value);
    if (!call.has(2)) return;
    if (call.word(2) == "reverse")
        process.reverse = true;
    else
        call.warn("'" + call.word(2) + "' is not understood; expected reverse");
}

template <int TrackProcess::* Member, int Least>
void read_count(Call& call, TrackProcess& process) {
    if (const auto value = call.number(Least, 65535)) process.*Member = static_cast<int>(*value);
}

template <Duration TrackProcess::* Member>
void read_delay(Call& call, TrackProcess& process) {
    if (const auto value = call.seconds(0, kMostDelay)) process.*Member = *value;
}

void read_both_delays(Call& call, TrackProcess& process) {
    if (const auto value = call.seconds(0, kMostDelay)) process.fork_delay = process.terminate_delay = *value;
}

constexpr Keyword<TrackProcess> kKeywords[] = {
    {"process", read_process, Effect::full,
     "PROGRAM [PARAMETER...]: the name as in /proc/PID/comm; with parameters the whole command line "
     "(required)"},
    {"param_match", read_match, Effect::full,
     "initial | partial: the last parameter may be longer | more may follow; default: exactly these"},
    {"weight", read_weight, Effect::full,
     "-254..254 [reverse]: 0 (default): not enough is FAULT; > 0: added while enough; < 0: while not"},
    {"quorum", read_count<&TrackProcess::quorum, 1>, Effect::full, "1..65535 processes needed; default 1"},
    {"quorum_max", read_count<&TrackProcess::quorum_max, 0>, Effect::full,
     "0..65535 processes allowed; 0: it must not run"},
    {"fork_delay", read_delay<&TrackProcess::fork_delay>, Effect::full,
     "SECONDS that enough must run before it counts"},
    {"terminate_delay", read_delay<&TrackProcess::terminate_delay>, Effect::full,
     "SECONDS that too few must run before it counts"},
    {"delay", read_both_delays, Effect::full, "SECONDS: fork_delay and terminate_delay"},
    {"full_command", [](Call&, TrackProcess& p) { p.full_command = true; }, Effect::full,
     "compare with the command line, not with the process's name"},
};

}  // namespace

std::span<const Keyword<TrackProcess>> track_process_keywords() {
    return kKeywords;
}

}  // namespace vrrpd::config
