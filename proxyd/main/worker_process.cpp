#include "proxyd/main/worker_process.h"

#include <fcntl.h>
#include <linux/close_range.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>

#include "common/logging.h"
#include "common/process/daemonize.h"
#include "common/process/privileges.h"
#include "proxyd/main/instance.h"
#include "proxyd/main/own_log.h"
#include "proxyd/main/process_settings.h"
#include "proxyd/main/serving.h"

namespace proxyd::main {
namespace {

namespace log = common::log;
using common::fail_errno;
using common::UniqueFd;

// The master's epoll set, keeper links, signal descriptor and the sockets of other workers end here. Closed
// by number: the objects that own them are the master's, and deregistering them would reach into its epoll
// set.
void close_all_but(std::vector<int> kept) {
    kept.insert(kept.end(), {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO});
    std::ranges::sort(kept);
    unsigned from = 0;
    for (const int fd : kept) {
        const auto number = static_cast<unsigned>(fd);
        if (number > from) ::syscall(SYS_close_range, from, number - 1, 0);
        from = std::max(from, number + 1);
    }
    ::syscall(SYS_close_range, from, ~0U, 0);
}

// The child's copies as values that own them.
ListeningSockets own(const ListeningSockets& sockets) {
    ListeningSockets mine;
    for (const ListeningGroup& group : sockets.groups) {
        ListeningGroup& copy = mine.groups.emplace_back();
        copy.proxy = group.proxy;
        copy.bind = group.bind;
        for (const UniqueFd& fd : group.sockets) copy.sockets.emplace_back(fd.get());
    }
    for (const UniqueFd& fd : sockets.stats) mine.stats.emplace_back(fd.get());
    return mine;
}

[[noreturn]] void run_worker(const Plan& plan, const ListeningSockets& sockets,
                             const std::shared_ptr<admin::HealthBoard>& board, const TicketKeyList& keys,
                             int channel) {
    std::vector<int> kept = descriptors_of(sockets);
    kept.push_back(channel);
    close_all_but(std::move(kept));
    log::after_fork();
    forget_log_targets();  // the master's
    auto null = common::process::NullDevice::open();
    auto instance =
        Instance::create({plan.model, board, plan.workers, plan.maxconn, plan.pipes, keys}, own(sockets));
    if (!instance) {
        log::alert("{}", instance.error().text);
        ::_exit(1);
    }
    if (plan.daemon)
        log_to_targets(
            [i = instance->get()](int severity, std::string_view text) { i->log_message(severity, text); });
    set_niceness(plan.niceness);
    if (auto dropped = common::process::drop_privileges(plan.identity); !dropped) {
        log::alert("{}", dropped.error().text);
        ::_exit(1);
    }
    allow_core_files(plan.model->global);
    boost::asio::io_context io(1);
    Serving::Settings settings;
    settings.hard_stop_after = plan.model->global.hard_stop_after;
    settings.grace = plan.model->global.grace;
    settings.close_spread = plan.model->global.close_spread;
    settings.master.reset(channel);
    Serving serving(io, **instance, board, std::move(settings));
    const Ending ending = serving.run([&] {
        // Until here complaints reached the terminal that the command was given on.
        if (plan.daemon && null) null->replace_standard_streams();
        (void)::write(channel, "R", 1);
    });
    end_process(ending, **instance);
}

}  // namespace

common::Result<WorkerProcess> fork_worker(const Plan& plan, const ListeningSockets& sockets,
                                          const TicketKeyList& ticket_keys) {
    auto board = admin::HealthBoard::create(plan.workers, backend_indexes(*plan.model).size());
    if (!board) return std::unexpected(board.error());
    int ends[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
        return fail_errno("cannot create a socket pair");
    UniqueFd ours(ends[0]), theirs(ends[1]);
    const pid_t pid = ::fork();
    if (pid < 0) return fail_errno("cannot fork a worker");
    if (pid == 0) run_worker(plan, sockets, *board, ticket_keys, theirs.release());
    return WorkerProcess{pid, std::move(ours), *board, plan.model, false};
}

}  // namespace proxyd::main
