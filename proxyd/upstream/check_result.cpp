#include "proxyd/upstream/check_result.h"

#include <array>
#include <chrono>

namespace proxyd::upstream {

namespace {

struct Row {
    CheckStatus status;
    bool passed;
    std::string_view short_name;
    std::string_view description;
};

constexpr std::array kRows{
    Row{CheckStatus::unknown, false, "INI", "Initializing"},
    Row{CheckStatus::socket_error, false, "SOCKERR", "Socket error"},
    Row{CheckStatus::l4_ok, true, "L4OK", "Layer4 check passed"},
    Row{CheckStatus::l4_timeout, false, "L4TOUT", "Layer4 timeout"},
    Row{CheckStatus::l4_error, false, "L4CON", "Layer4 connection problem"},
    Row{CheckStatus::l6_ok, true, "L6OK", "Layer6 check passed"},
    Row{CheckStatus::l6_timeout, false, "L6TOUT", "Layer6 timeout"},
    Row{CheckStatus::l6_error, false, "L6RSP", "Layer6 invalid response"},
    Row{CheckStatus::l7_ok, true, "L7OK", "Layer7 check passed"},
    Row{CheckStatus::no_change, true, "CHECKED", "No status change"},
    Row{CheckStatus::l7_conditional, true, "L7OKC", "Layer7 check conditionally passed"},
    Row{CheckStatus::l7_timeout, false, "L7TOUT", "Layer7 timeout"},
    Row{CheckStatus::l7_invalid, false, "L7RSP", "Layer7 invalid response"},
    Row{CheckStatus::l7_wrong_status, false, "L7STS", "Layer7 wrong status"},
    Row{CheckStatus::analyzed, false, "HANA", "Health analyze"},
    Row{CheckStatus::program_ok, true, "PROCOK", "External check passed"},
    Row{CheckStatus::program_error, false, "PROCERR", "External check error"},
    Row{CheckStatus::program_timeout, false, "PROCTOUT", "External check timeout"},
    // Not among HAProxy's: it refuses to start, or puts the server into maintenance.
    Row{CheckStatus::resolution_failed, false, "L4CON", "Layer4 connection problem"},
};

const Row& row(CheckStatus status) {
    for (const Row& candidate : kRows)
        if (candidate.status == status) return candidate;
    return kRows.front();
}

// Server text goes into a quoted field of a log line.
std::string quotable(std::string_view text) {
    std::string out;
    for (const char c : text)
        out += c == '"' ? '\'' : (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) ? ' ' : c;
    return out;
}

}  // namespace

bool passed(CheckStatus status) {
    return row(status).passed;
}
std::string_view short_name(CheckStatus status) {
    return row(status).short_name;
}
std::string_view description(CheckStatus status) {
    return row(status).description;
}

std::string reason(const CheckResult& result) {
    std::string text = "reason: " + std::string(description(result.status));
    const bool has_code =
        result.status == CheckStatus::l7_ok || result.status == CheckStatus::l7_conditional ||
        result.status == CheckStatus::l7_wrong_status || result.status == CheckStatus::program_ok ||
        result.status == CheckStatus::program_error || result.status == CheckStatus::program_timeout;
    if (has_code) text += ", code: " + std::to_string(result.code);
    if (!result.info.empty()) text += ", info: \"" + quotable(result.info) + "\"";
    if (result.status == CheckStatus::analyzed) return text;  // nothing was waited for
    const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(result.duration).count();
    return text + ", check duration: " + std::to_string(ms) + "ms";
}

}  // namespace proxyd::upstream
