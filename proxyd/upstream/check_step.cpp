#include "proxyd/upstream/check_step.h"

namespace proxyd::upstream {

std::string describe(const CheckStep& step) {
    if (step.kind == CheckStep::Kind::send) return "send";
    if (step.kind == CheckStep::Kind::connect) {
        return step.port == 0 ? "connect" : "connect port " + std::to_string(step.port);
    }
    switch (step.match) {
        case CheckStep::Match::text:
            return "expect string '" + step.pattern + "'";
        case CheckStep::Match::binary:
            return "expect binary '" + step.pattern + "'";
        case CheckStep::Match::regex:
            return "expect regex";
        case CheckStep::Match::binary_regex:
            return "expect binary regex";
        case CheckStep::Match::http:
            return "expect http";
        case CheckStep::Match::judge:
            return "expect custom function";
    }
    return "expect";
}

}  // namespace proxyd::upstream
