// vrrp_script NAME { ... }
#include "vrrpd/config/keyword.h"

namespace vrrpd::config {
namespace {

constexpr double kMaxSeconds = 4294967;

void read_interval(Call& call, Script& script) {
    if (const auto value = call.seconds(0, kMaxSeconds)) {
        if (*value > Duration{}) {
            script.interval = *value;
        } else {
            call.warn("must be greater than 0; 1 second is used");
        }
    }
}

void read_timeout(Call& call, Script& script) {
    if (const auto value = call.seconds(0, kMaxSeconds)) {
        if (*value > Duration{}) {
            script.timeout = *value;
        } else {
            call.warn("must be greater than 0; the interval is used");
        }
    }
}

void read_weight(Call& call, Script& script) {
    const auto value = call.number(-253, 253);
    if (value) script.weight = static_cast<int>(*value);
    if (call.has(2)) {
        if (call.word(2) == "reverse")
            script.reverse = true;
        else
            call.warn("'" + call.word(2) + "' is not understood; expected reverse");
    }
}

constexpr Keyword<Script> kKeywords[] = {
    {"script",
     [](Call& c, Script& s) {
         RunAs user = s.command.run_as;
         s.command = c.command();
         s.command.run_as = user;
     },
     Effect::full,
     "PROGRAM [ARGUMENT...]: run without a shell; exit status 0 is good; \"</FILE\": good while it can be "
     "opened"},
    {"interval", read_interval, Effect::full, "SECONDS between runs, 0.001 and more; default 1"},
    {"timeout", read_timeout, Effect::full, "SECONDS after which a run has failed; default: the interval"},
    {"weight", read_weight, Effect::full,
     "-253..253 [reverse]: 0 (default): failure is FAULT; > 0: added while good; < 0: added while bad"},
    {"rise",
     [](Call& c, Script& s) {
         if (const auto n = c.number(1, 1'000'000)) s.counts.rise = static_cast<int>(*n);
     },
     Effect::full, "good runs needed to count as good; default 1"},
    {"fall",
     [](Call& c, Script& s) {
         if (const auto n = c.number(1, 1'000'000)) s.counts.fall = static_cast<int>(*n);
     },
     Effect::full, "bad runs needed to count as bad; default 1"},
    {"user", [](Call& c, Script& s) { s.command.run_as = c.run_as(1); }, Effect::full,
     "USER [GROUP] it runs as; default script_user"},
    {"init_fail", [](Call&, Script& s) { s.init_fail = true; }, Effect::full,
     "starts as failed; as in keepalived the first result decides"},
};

}  // namespace

std::span<const Keyword<Script>> script_keywords() {
    return kKeywords;
}

}  // namespace vrrpd::config
