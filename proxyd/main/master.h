// The master of `-W` and `-Ws`: owns the listening sockets and the control socket, forks workers, reloads.
// Carries no traffic and stays the user that started it.
#pragma once

#include "proxyd/main/starter.h"

namespace proxyd::main {

// Returns the exit status.
int run_master(Starter starter);

}  // namespace proxyd::main
