// Where proxyd's own messages go: stderr in HAProxy's form, and the `log` targets of the global section once
// there is an instance that has them open.
#pragma once

#include <functional>
#include <string_view>

namespace proxyd::main {

void log_to_console(bool quiet, bool debug);
// For a daemon, which has no terminal: `send` takes a severity of RFC 5424 and a line; any thread.
void log_to_targets(std::function<void(int severity, std::string_view text)> send);
void forget_log_targets();

}  // namespace proxyd::main
