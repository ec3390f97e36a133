#include "proxyd/main/starter.h"

#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>

#include "common/logging.h"
#include "proxyd/main/version.h"

namespace proxyd::main {

namespace log = common::log;
namespace process = common::process;

bool Starter::open_sockets() {
    TakeoverPlan from{options.takeover_path, {}, plan.control_path, predecessors()};
    for (const config::StatsSocket& socket : plan.model->global.stats_sockets) {
        if (socket.address.family() == AF_UNIX && !socket.address.empty())
            from.stats_sockets.push_back(socket.address.ip());
    }
    auto taken = take_over(from);
    if (!taken) {
        log::alert("{}", taken.error().text);
        return false;
    }
    takeover = std::move(*taken);
    for (const std::string& notice : takeover.notices) log::warning("{}", notice);

    const bool succeeds = !from.predecessors.empty() || !from.stats_path.empty();
    std::vector<std::string> complaints;
    const bool opened =
        open_listening_sockets(*plan.model, plan.workers, takeover.pool,
                               succeeds ? Conflict::share : Conflict::refuse, sockets, complaints);
    for (const std::string& complaint : complaints) log::alert("{}", complaint);
    return opened;
}

std::vector<pid_t> Starter::predecessors() const {
    std::vector<pid_t> pids = options.finish;
    pids.insert(pids.end(), options.terminate.begin(), options.terminate.end());
    return pids;
}

bool Starter::go_to_background() {
    if (!plan.daemon) return true;
    auto daemon = process::daemonize();
    if (!daemon) {
        log::alert("{}", daemon.error().text);
        return false;
    }
    report = std::move(*daemon);
    log::after_fork();
    return true;
}

std::unique_ptr<admin::ControlLink> Starter::open_control(boost::asio::io_context& io,
                                                          admin::ControlLinkSettings settings, bool& ok) {
    ok = true;
    settings.path = plan.control_path;
    settings.release = kVersion;
    auto link = std::make_unique<admin::ControlLink>(io, std::move(settings));
    const auto listening =
        takeover.control_listener ? link->adopt(std::move(takeover.control_listener)) : link->listen();
    if (listening) return link;
    if (listening.error().code == EADDRINUSE && !predecessors().empty()) {
        link->listen_later();  // the predecessor could not be asked, but goes
        return link;
    }
    link->leave_path();
    if (plan.control_explicit) {
        ok = false;
        log::alert("{}", listening.error().text);
    } else if (!options.quiet) {
        log::notice("no control socket for a keeper: {}", listening.error().text);
    }
    return nullptr;
}

bool Starter::write_pid_file() {
    if (plan.pid_file.empty()) return true;
    auto file = process::PidFile::create(plan.pid_file, std::array{::getpid()});
    if (!file) {
        log::alert("{}", file.error().text);
        return false;
    }
    pid_file = std::move(*file);
    return true;
}

void Starter::serving(const std::string& status) {
    readiness.ready(status);
    announce_successor(takeover);
    for (const pid_t pid : options.finish) ::kill(pid, SIGUSR1);
    for (const pid_t pid : options.terminate) ::kill(pid, SIGTERM);
    takeover.pool = SocketPool();  // addresses that are given up
    if (report.pending()) log::close_console();
    report.ready();
}

}  // namespace proxyd::main
