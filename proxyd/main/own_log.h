// Where proxyd's own messages go: stderr in HAProxy's form, and the `log` targets of the global section once
// there is an instance that has them open.
#pragma once

#include "proxyd/main/instance.h"

namespace proxyd::main {

void log_to_console(bool quiet, bool debug);
void log_to_targets_of(Instance& instance);
void forget_log_targets();  // before the instance goes

}  // namespace proxyd::main
