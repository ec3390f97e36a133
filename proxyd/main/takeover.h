// Taking listening sockets over from running processes (`-sf`, `-st`, `-x`), so that no connection that waits
// in one is lost. The first of these that works: the stats socket of -x, the control socket of a proxyd, the
// old process's descriptors themselves (pidfd_getfd, which also works on HAProxy), a stats socket with
// `expose-fd listeners`. What none of them gives is bound anew.
#pragma once

#include <sys/types.h>

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/error.h"
#include "common/unique_fd.h"
#include "proxyd/main/socket_pool.h"
#include "proxyd/main/ticket_key_text.h"

namespace proxyd::main {

struct TakeoverPlan {
    std::string stats_path;                  // -x; empty: none asked for
    std::vector<std::string> stats_sockets;  // of the new configuration: likely to be the old one's too
    std::string control_path;
    std::vector<pid_t> predecessors;  // -sf and -st
};

struct Takeover {
    SocketPool pool;
    common::UniqueFd
        control_listener;  // of the old process's control socket, when it speaks for one of the pids
    common::UniqueFd control_connection;  // to the old process, for announce_successor()
    TicketKeyList ticket_keys;            // so that TLS clients resume their sessions
    std::vector<std::string> notices;     // what did not work, for people
};

// Requests on the control socket that only a successor makes; the old process answers "sockets" with
// descriptors, and to "successor" it tells its keepers `reloading`, leaves the socket's path alone from then
// on, and closes its links.
inline constexpr std::string_view kSocketsCommand = "sockets";
inline constexpr std::string_view kSuccessorCommand = "successor";

// An error only for an explicit -x that fails.
common::Result<Takeover> take_over(const TakeoverPlan& plan);

// Once the new process serves, and before the old one is signalled: a keeper must not take its end for a
// death.
void announce_successor(Takeover& takeover);

// Listening sockets of a process, by pidfd_getfd; fails when that is not allowed.
common::Result<std::vector<common::UniqueFd>> steal_sockets(pid_t pid);

}  // namespace proxyd::main
