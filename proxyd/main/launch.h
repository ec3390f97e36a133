// The order of start: parse, take over, bind, go into the background, drop privileges, then threads.
#pragma once

#include "proxyd/main/command_line.h"

namespace proxyd::main {

// Runs the daemon; returns its exit status.
int launch(const Options& options);

// `-c`.
int check_configuration(const Options& options);

}  // namespace proxyd::main
