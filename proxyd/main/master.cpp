#include "proxyd/main/master.h"

#include <sys/wait.h>
#include <unistd.h>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <csignal>
#include <cstring>
#include <list>
#include <optional>

#include "common/logging.h"
#include "common/process/signals.h"
#include "proxyd/main/own_log.h"
#include "proxyd/main/worker_process.h"
#include "proxyd/observe/access_log.h"
#include "proxyd/observe/log_hub.h"

namespace proxyd::main {
namespace {

namespace log = common::log;
namespace asio = boost::asio;

class Master {
 public:
    explicit Master(Starter starter) : starter_(std::move(starter)), io_(1), signal_events_(io_) {}

    int run();

 private:
    struct Worker : WorkerProcess {
        std::unique_ptr<asio::posix::stream_descriptor> events;
        int reloads = 0;  // since it was the current one
    };

    bool begin();
    bool spawn(const Plan& plan, ListeningSockets sockets);
    void watch_channel(Worker& worker);
    void promote();
    void end_old_workers(int most_reloads);

    void watch_signals();
    void on_signal(int signal);
    void pass_on(int signal);
    void reload();
    bool prepare_reload(Plan& plan, ListeningSockets& sockets);
    void reload_failed(const std::string& why);

    void open_own_log();
    void reap();
    void on_end(pid_t pid, int wait_status);
    void fail(int code);
    void finish_if_alone();
    void finish(int status);

    Starter starter_;  // plan and sockets: those that serve
    asio::io_context io_;
    common::process::SignalReader signals_;
    asio::posix::stream_descriptor signal_events_;
    std::unique_ptr<admin::ControlLink> link_;

    std::unique_ptr<observe::LogHub> hub_;  // for the messages of the master itself
    std::unique_ptr<observe::AccessLog> own_log_;
    std::optional<Worker> current_;
    std::optional<Worker> candidate_;  // forked, not yet ready
    Plan candidate_plan_;
    ListeningSockets candidate_sockets_;
    TicketKeyList ticket_keys_;  // handed from worker to worker
    Programs programs_;
    std::list<Worker> leaving_;  // of older configurations, finishing their connections
    bool started_ = false;       // served once
    bool reload_again_ = false;
    bool exiting_ = false;  // passed SIGTERM or SIGUSR1 on: end with the last worker
    std::optional<int> status_;
};

int Master::run() {
    if (!begin()) return 1;
    while (!status_) io_.run_one();
    starter_.readiness.stopping();
    starter_.pid_file.remove();
    return *status_;
}

bool Master::begin() {
    auto signals = common::process::SignalReader::open(
        {SIGTERM, SIGINT, SIGUSR1, SIGUSR2, SIGHUP, SIGCHLD, SIGQUIT, SIGTTOU, SIGTTIN});
    if (!signals) {
        log::alert("{}", signals.error().text);
        return false;
    }
    signals_ = std::move(*signals);
    signal_events_.assign(::dup(signals_.fd()));
    bool control_ok = true;
    admin::ControlLinkSettings control;
    control.sockets = [this] { return descriptors_of(starter_.sockets); };
    control.ticket_keys = [this] { return to_text(ticket_keys_); };
    ticket_keys_ = next_keys(starter_.takeover.ticket_keys);
    link_ = starter_.open_control(io_, std::move(control), control_ok);
    if (!control_ok) return false;
    watch_signals();
    return spawn(starter_.plan, std::move(starter_.sockets)) && starter_.write_pid_file();
}

bool Master::spawn(const Plan& plan, ListeningSockets sockets) {
    auto worker = fork_worker(plan, sockets, ticket_keys_);
    if (!worker) {
        log::alert("{}", worker.error().text);
        return false;
    }
    log::notice("New worker ({}) forked", worker->pid);
    candidate_plan_ = plan;
    candidate_sockets_ = std::move(sockets);
    candidate_.emplace();
    static_cast<WorkerProcess&>(*candidate_) = std::move(*worker);
    candidate_->events =
        std::make_unique<asio::posix::stream_descriptor>(io_, ::dup(candidate_->channel.get()));
    watch_channel(*candidate_);
    return true;
}

void Master::watch_channel(Worker& worker) {
    worker.events->async_wait(asio::posix::stream_descriptor::wait_read,
                              [this, pid = worker.pid](const boost::system::error_code& error) {
                                  if (error || !candidate_ || candidate_->pid != pid) return;
                                  char byte = 0;
                                  // Its end without a word is reported by SIGCHLD.
                                  if (::read(candidate_->channel.get(), &byte, 1) == 1) promote();
                              });
}

// The new worker serves: the old one lets go of the sockets, which stay open here and there.
void Master::promote() {
    candidate_->ready = true;
    candidate_->events.reset();
    if (current_) {
        ::kill(current_->pid, SIGUSR1);
        leaving_.push_back(std::move(*current_));
    }
    current_ = std::move(candidate_);
    candidate_.reset();
    end_old_workers(candidate_plan_.model->global.most_reloads);
    starter_.plan = std::move(candidate_plan_);
    starter_.sockets = std::move(candidate_sockets_);  // closes what the new configuration no longer names
    if (link_) link_->watch(current_->board, backend_names(*current_->model));
    open_own_log();
    programs_.start(starter_.plan.programs, *starter_.plan.model, started_);
    log::notice("Loading success.");
    if (!std::exchange(started_, true)) {
        starter_.serving("Ready.");
    } else {
        starter_.readiness.ready("Ready.");
    }
    if (std::exchange(reload_again_, false)) reload();
}

// Connections that never end would otherwise keep a worker of each configuration there was.
void Master::end_old_workers(int most_reloads) {
    for (Worker& worker : leaving_)
        if (++worker.reloads > most_reloads && most_reloads >= 0) {
            log::warning("Former worker ({}) is left over from {} reloads: SIGTERM", worker.pid,
                         worker.reloads);
            ::kill(worker.pid, SIGTERM);
        }
}

// A daemon has no terminal: what became of a reload is told to the `log` targets of the global section.
void Master::open_own_log() {
    forget_log_targets();
    own_log_.reset();
    hub_ = std::make_unique<observe::LogHub>(1);
    const observe::LogSettings& settings = starter_.plan.model->global.log;
    if (settings.targets.empty() || !starter_.plan.daemon) return;
    for (const observe::LogTarget& target : settings.targets) {
        if (!hub_->open(target)) return;
    }
    own_log_ = std::make_unique<observe::AccessLog>(settings, *hub_);
    log_to_targets(
        [log = own_log_.get()](int severity, std::string_view text) { log->message(severity, text); });
}

void Master::watch_signals() {
    signal_events_.async_wait(asio::posix::stream_descriptor::wait_read,
                              [this](const boost::system::error_code& error) {
                                  if (error) return;
                                  while (const auto signal = signals_.next()) on_signal(*signal);
                                  watch_signals();
                              });
}

void Master::on_signal(int signal) {
    switch (signal) {
        case SIGCHLD:
            reap();
            break;
        case SIGUSR2:
        case SIGHUP:
            reload();
            break;
        case SIGTERM:
        case SIGUSR1:
            log::warning("Exiting Master process...");
            exiting_ = true;
            pass_on(signal);
            finish_if_alone();
            break;
        case SIGINT:
            pass_on(SIGINT);
            finish(0);
            break;
        default:
            break;
    }
}

void Master::pass_on(int signal) {
    if (current_) ::kill(current_->pid, signal);
    if (candidate_) ::kill(candidate_->pid, SIGTERM);
    for (const Worker& worker : leaving_) ::kill(worker.pid, signal);
    programs_.signal(signal);
}

void Master::reload() {
    if (exiting_) return;
    if (candidate_) {  // one at a time; the files may have changed since it was forked
        reload_again_ = true;
        return;
    }
    log::warning("Reloading the configuration");
    ticket_keys_ = next_keys(ticket_keys_);
    starter_.readiness.reloading();
    Plan plan;
    ListeningSockets sockets;
    if (!prepare_reload(plan, sockets)) return reload_failed("the configuration is refused");
    if (!spawn(plan, std::move(sockets))) reload_failed("no worker could be forked");
}

bool Master::prepare_reload(Plan& plan, ListeningSockets& sockets) {
    auto made = make_plan(starter_.options);
    if (!made) return false;
    plan = std::move(*made);
    if (!plan.has_listener) {
        log::alert("No enabled listener found (check for 'bind' directives)!");
        return false;
    }
    fit_descriptor_limit(plan);
    SocketPool pool;
    add_to_pool(starter_.sockets, pool);
    std::vector<std::string> complaints;
    const bool opened =
        open_listening_sockets(*plan.model, plan.workers, pool, Conflict::share, sockets, complaints);
    for (const std::string& complaint : complaints) log::alert("{}", complaint);
    return opened;
}

void Master::reload_failed(const std::string& why) {
    log::warning("Loading failure: {}; the running one stays", why);
    starter_.readiness.ready("Reload failed: the former configuration serves.");
    if (std::exchange(reload_again_, false)) reload();
}

void Master::reap() {
    int wait_status = 0;
    for (pid_t pid; (pid = ::waitpid(-1, &wait_status, WNOHANG)) > 0;) on_end(pid, wait_status);
}

void Master::on_end(pid_t pid, int wait_status) {
    const int code = WIFEXITED(wait_status) ? WEXITSTATUS(wait_status) : 128 + WTERMSIG(wait_status);
    const std::string how = WIFEXITED(wait_status) ? "Exit" : ::strsignal(WTERMSIG(wait_status));
    if (candidate_ && candidate_->pid == pid) {
        candidate_.reset();
        candidate_sockets_ = {};
        log::alert("New worker ({}) exited with code {} ({}) before it was ready", pid, code, how);
        if (!started_) return finish(exiting_ ? 0 : std::max(code, 1));
        if (!exiting_) return reload_failed("its worker did not start");
    } else if (current_ && current_->pid == pid) {
        current_.reset();
        log::message(code == 0 ? log::Level::warning : log::Level::alert,
                     "Current worker ({}) exited with code {} ({})", pid, code, how);
        if (code == 0 && !std::exchange(exiting_, true)) programs_.signal(SIGTERM);
        if (!exiting_ && starter_.plan.model->global.exit_on_failure) return fail(code);
    } else if (const auto end = programs_.ended(pid, code, how.c_str()); end.ours) {
        if (end.current && code != 0 && !exiting_ && starter_.plan.model->global.exit_on_failure)
            return fail(code);
    } else {
        leaving_.remove_if([pid](const Worker& worker) { return worker.pid == pid; });
        log::warning("Former worker ({}) exited with code {} ({})", pid, code, how);
    }
    finish_if_alone();
}

// As HAProxy: whoever supervises the master starts it anew.
void Master::fail(int code) {
    log::alert("exit-on-failure: killing every processes with SIGTERM");
    pass_on(SIGTERM);
    finish(code);
}

void Master::finish_if_alone() {
    if (!exiting_ || current_ || candidate_ || !leaving_.empty() || !programs_.empty()) return;
    log::warning("All workers exited. Exiting... (0)");
    finish(0);
}

void Master::finish(int status) {
    if (!status_) status_ = status;
}

}  // namespace

int run_master(Starter starter) {
    return Master(std::move(starter)).run();
}

}  // namespace proxyd::main
