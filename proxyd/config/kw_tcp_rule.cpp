// tcp-request and tcp-response (configuration manual 4.2): not supported yet. A rule that only lets pass,
// waits or counts can be left out with a warning; one that refuses clients cannot.
#include <algorithm>

#include "proxyd/config/arguments.h"
#include "proxyd/config/tables.h"

namespace proxyd::config {
namespace {

// Actions (up to a parenthesis) whose absence lets nobody in.
constexpr std::string_view kHarmless[] = {
    "accept",
    "capture",
    "close",
    "do-resolve",
    "expect-proxy",
    "fc-silent-drop",
    "sc-add-gpc",
    "sc-inc-gpc",
    "sc-inc-gpc0",
    "sc-inc-gpc1",
    "sc-set-gpt",
    "sc-set-gpt0",
    "set-bc-mark",
    "set-bc-tos",
    "set-fc-mark",
    "set-fc-tos",
    "set-log-level",
    "set-mark",
    "set-nice",
    "set-priority-class",
    "set-priority-offset",
    "set-retries",
    "set-tos",
    "set-var",
    "set-var-fmt",
    "track-sc0",
    "track-sc1",
    "track-sc2",
    "unset-var",
};

void ignore_harmless(Reading& in, const Statement& line) {
    const std::string& action = line.argument(0);
    const std::string_view name = std::string_view(action).substr(0, action.find('('));
    if (std::ranges::find(kHarmless, name) != std::end(kHarmless))
        return in.no_effect(line, "'" + line.name() + " " + action + "'", "tcp rules are not supported yet");
    in.error(line, "'" + line.name() + " " + action +
                       "' is refused: tcp rules are not supported yet, and connections that it decides about "
                       "would pass");
}

constexpr Keyword kRequest[] = {
    works("connection", kFrontendSide, 1, -1, ignore_harmless, "<action> ...",
          "no effect yet; refusing actions are refused"),
    works("session", kFrontendSide, 1, -1, ignore_harmless, "<action> ...",
          "no effect yet; refusing actions are refused"),
    works("content", kProxies, 1, -1, ignore_harmless, "<action> ...",
          "no effect yet; refusing actions are refused"),
    inert("inspect-delay", kProxies, "tcp rules are not supported yet"),
};

constexpr Keyword kResponse[] = {
    works("content", kBackendSide, 1, -1, ignore_harmless, "<action> ...",
          "no effect yet; refusing actions are refused"),
    inert("inspect-delay", kBackendSide, "tcp rules are not supported yet"),
};

}  // namespace

std::span<const Keyword> tcp_request_keywords() {
    return kRequest;
}
std::span<const Keyword> tcp_response_keywords() {
    return kResponse;
}

}  // namespace proxyd::config
