// Opening listening sockets as a `bind` line says: system call by system call. Runs in the main thread before
// privileges are dropped.
#pragma once

#include <vector>

#include "common/error.h"
#include "common/unique_fd.h"
#include "proxyd/net/settings.h"

namespace proxyd::main {

// For an IP address, not bound yet, in the namespace that the line names.
common::Result<common::UniqueFd> make_socket(const net::BindSettings& bind);

// Sockets for `count` workers: with IP each worker gets its own (SO_REUSEPORT), so that the kernel spreads
// connections; Unix and inherited sockets (`fd@N`) are duplicated. All listen already. Errors are sentences
// without the place: "cannot bind to *:80: Permission denied".
common::Result<std::vector<common::UniqueFd>> open_sockets(const net::BindSettings& bind, int count);

// The same from sockets that were taken over from an older process: every one of them is used (closing one
// would lose the connections waiting in it), missing ones are duplicated; extra ones follow at the end, so
// that index i % count is the worker to give it to.
std::vector<common::UniqueFd> adopt_sockets(std::vector<common::UniqueFd> taken, int count);

}  // namespace proxyd::main
