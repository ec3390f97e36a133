// A worker under a master: forked with the listening sockets of a configuration that has been proven valid.
#pragma once

#include <sys/types.h>

#include <memory>

#include "common/error.h"
#include "common/unique_fd.h"
#include "proxyd/admin/health_board.h"
#include "proxyd/main/listening_sockets.h"
#include "proxyd/main/plan.h"
#include "proxyd/main/ticket_key_text.h"

namespace proxyd::main {

struct WorkerProcess {
    pid_t pid = 0;
    common::UniqueFd channel;  // one byte when it serves, then its end; ours ends with the master
    std::shared_ptr<admin::HealthBoard> board;
    std::shared_ptr<const config::Model> model;
    bool ready = false;
};

// Returns in the master only. The child keeps nothing but the standard streams, `sockets` and its channel.
common::Result<WorkerProcess> fork_worker(const Plan& plan, const ListeningSockets& sockets,
                                          const TicketKeyList& ticket_keys);

}  // namespace proxyd::main
