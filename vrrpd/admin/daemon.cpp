#include "vrrpd/admin/daemon.h"

#include <fcntl.h>
#include <malloc.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>

#include "common/logging.h"
#include "common/process/descriptor_limit.h"
#include "common/process/pidfd.h"
#include "common/text.h"
#include "vrrpd/admin/exit_status.h"
#include "vrrpd/admin/keepalived_dump.h"
#include "vrrpd/admin/metrics.h"
#include "vrrpd/admin/places.h"
#include "vrrpd/config/load.h"
#include "vrrpd/engine/check.h"
#include "vrrpd/engine/users.h"
#include "vrrpd/io/file_test.h"
#include "vrrpd/io/mail.h"
#include "vrrpd/io/net_namespace.h"
#include "vrrpd/io/scheduling.h"

namespace vrrpd::admin {

namespace log = common::log;
namespace process = common::process;

namespace {

constexpr std::uint64_t kStartupJob = 1;  // over before the engine numbers its own
constexpr process::HelperTask kTasks[] = {io::kMailTask, io::kFileTestTask};

log::Settings log_settings(const Options& options, const config::Globals& globals) {
    const bool foreground = options.foreground;
    log::Settings settings;
    settings.ident = log_ident(globals);
    settings.style = log::Style::keepalived;
    // The journal has syslog already: each line once is enough.
    const bool journal = std::getenv("JOURNAL_STREAM") != nullptr;
    settings.console = !journal || !options.syslog;
    // On its way into the background only what keeps it from getting there; daemonized, nothing.
    settings.console_level = options.console || foreground ? log::Level::info : log::Level::error;
    settings.syslog = options.syslog;
    settings.syslog_facility = options.facility;
    settings.file = options.log_file;
    return settings;
}

void log_diagnostics(const common::Diagnostics& diagnostics) {
    for (const common::Diagnostic& entry : diagnostics.all()) {
        const log::Level level = entry.severity == common::Severity::error     ? log::Level::error
                                 : entry.severity == common::Severity::warning ? log::Level::warning
                                                                               : log::Level::notice;
        log::write(level, common::Diagnostics::format(entry));
    }
}

// Another keeper with the same pid file, alive; `name`: what it is called.
pid_t other_keeper(const std::string& pid_file, const std::string& name) {
    const auto pids = process::read_pid_file(pid_file);
    if (!pids || pids->empty() || pids->front() == ::getpid() || !process::process_alive(pids->front()))
        return 0;
    char comm[17] = {};
    const common::UniqueFd fd(
        ::open(fmt::format("/proc/{}/comm", pids->front()).c_str(), O_RDONLY | O_CLOEXEC));
    if (!fd || ::read(fd.get(), comm, sizeof comm - 1) <= 0) return 0;
    return comm == name + "\n" || std::string_view(comm) == "vrrpd\n" ? pids->front() : 0;
}

// reload_file: there, and empty, while the files are read.
void make_mark(const std::string& path) {
    const common::UniqueFd fd(
        ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0644));
    if (!fd) log::error("reload_file: {}", common::fail_errno(path).error().text);
}

// Nothing and a line in the log where the script cannot or must not be run.
std::optional<process::HelperJob> job_of(const config::Command& command, const config::Globals& globals,
                                         common::Duration timeout, std::string_view name) {
    if (!command) return std::nullopt;
    const auto account = engine::account_for(command, globals);
    const std::string trouble = account
                                    ? engine::script_trouble(command, *account, globals.script_security).text
                                    : account.error().text;
    if (!trouble.empty()) {
        log::error("{} is not run: {}", name, trouble);
        return std::nullopt;
    }
    auto job = account->job(command.argv);
    job.timeout = std::chrono::ceil<std::chrono::milliseconds>(timeout);
    return job;
}

// As keepalived, which goes on either way.
void log_end(std::string_view what, const process::HelperEvent& event) {
    if (event.kind == process::HelperEvent::Kind::exited && event.status == 0) {
        log::info("{} succeeded", what);
    } else {
        log::warning("{} failed: {}", what, event.describe());
    }
}

// Before anything else begins, so that there is nothing yet that the wait could delay. One that hangs is
// ended by the helper; a signal that comes meanwhile is served behind it.
void run_startup_script(process::HelperProcess& helper, const config::Globals& globals) {
    auto job = job_of(globals.startup_script, globals, globals.startup_timeout, "startup_script");
    if (!job) return;
    job->id = kStartupJob;
    log::info("Running startup script {}", job->argv.front());
    if (auto done = helper.submit(*job); !done) return log::error("startup script: {}", done.error().text);
    while (true) {
        pollfd ready{helper.fd(), POLLIN, 0};
        ::poll(&ready, 1, -1);
        const auto event = helper.receive();
        if (!event) return log::error("startup script: {}", event.error().text);
        if (!*event || (*event)->id != job->id) continue;
        log_end("startup script", **event);
        if ((*event)->final()) return;
    }
}

void settle_namespace(config::Globals& globals, const config::Globals* running,
                      common::Diagnostics& diagnostics) {
    std::string& name = globals.namespace_name;
    if (running == nullptr) {
        if (name.empty()) return;
        if (auto done = io::enter_net_namespace(name); !done)
            diagnostics.error(globals.namespace_where, done.error().text);
    } else if (name != running->namespace_name) {
        diagnostics.warning(globals.namespace_where, "a reload does not change the network namespace: '" +
                                                         name + "' takes effect at the next start");
        name = running->namespace_name;
    }
}

}  // namespace

std::shared_ptr<const config::Config> load_checked(const Options& options, common::Diagnostics& diagnostics,
                                                   const config::Globals* running) {
    auto config = std::make_shared<config::Config>(
        config::load(options.config, {options.config_id, options.all_includes}, diagnostics));
    if (!options.net_namespace.empty()) config->globals.namespace_name = options.net_namespace;
    if (!diagnostics.has_errors()) settle_namespace(config->globals, running, diagnostics);
    if (!diagnostics.has_errors()) engine::check_node(*config, diagnostics);
    return config;
}

int run_daemon(const Options& options, std::shared_ptr<const config::Config> config,
               const common::Diagnostics& diagnostics) {
    const auto refuse = [](const std::string& reason, int code = 0) {
        log::error("{}", reason);
        return code == EPERM || code == EACCES ? kExitNoPermission : kExitFailed;
    };
    if (auto done = log::configure(log_settings(options, config->globals)); !done)
        return refuse(done.error().text);
    const std::string pid_file_path = pid_path(options, config->globals);
    if (const pid_t other = other_keeper(pid_file_path, process_name(config->globals))) {
        return refuse(fmt::format("vrrpd runs already (pid {}, {})", other, pid_file_path));
    }
    process::StartReport report;
    if (!options.foreground) {
        auto child = process::daemonize();
        if (!child) return refuse(child.error().text);
        report = std::move(*child);
        log::after_fork();
    }
    if (options.umask >= 0) ::umask(static_cast<mode_t>(options.umask));
    process::ignore_sigpipe();
    auto readiness = process::Readiness::from_environment();
    // Reading the file has left holes; two processes more that never look at it need not keep it.
    ::malloc_trim(0);
    const auto forget = [&config] {
        config.reset();
        ::malloc_trim(0);
    };
    auto helper = process::HelperProcess::start("vrrpd-helper", kTasks, forget);
    auto signals = process::SignalReader::open(
        {SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGUSR2, kSignalStatsClear, kSignalJson});
    if (!helper || !signals) return refuse(!helper ? helper.error().text : signals.error().text);
    if (auto done = io::apply_scheduling(*config); !done) log::warning("{}", done.error().text);

    process::name_this_thread(process_name(config->globals).c_str());
    ::mkdir(kRunFolder, 0755);
    const pid_t pid = ::getpid();
    auto pid_file = process::PidFile::create(pid_file_path, {&pid, 1});
    if (!pid_file) return refuse(pid_file.error().text, pid_file.error().code);
    // Scripts made for keepalived may look for its VRRP process there: it is this one.
    auto second_pid_file = options.vrrp_pid_file.empty()
                               ? common::Result<process::PidFile>(process::PidFile())
                               : process::PidFile::create(options.vrrp_pid_file, {&pid, 1});
    if (!second_pid_file) return refuse(second_pid_file.error().text, second_pid_file.error().code);
    log::info("Starting vrrpd {} (pid {}), configuration {}", FRONTDOOR_VERSION, pid, options.config);
    log_diagnostics(diagnostics);
    for (const std::string& note : options.notes) log::notice("{}", note);

    run_startup_script(*helper, config->globals);
    Daemon daemon(options, std::move(readiness), std::move(*signals));
    if (auto done = daemon.start(std::move(*helper), std::move(config)); !done)
        return refuse(done.error().text, done.error().code);
    if (auto done = io::drop_capabilities(); !done) log::warning("{}", done.error().text);
    report.ready();
    if (!options.foreground && !options.console) log::close_console();
    // No log target may delay an advert.
    if (auto done = log::never_wait(); !done) log::warning("{}", done.error().text);
    const int status = daemon.run();
    log::wait_again();
    return status;
}

Daemon::Daemon(const Options& options, process::Readiness readiness, process::SignalReader signals)
    : options_(options),
      readiness_(std::move(readiness)),
      signals_(std::move(signals)),
      signal_watch_(io_, signals_.fd()),
      process_{FRONTDOOR_VERSION, options.config, std::chrono::system_clock::now()} {}

common::Result<> Daemon::start(process::HelperProcess helper, std::shared_ptr<const config::Config> config) {
    ::mkdir(state_folder(config->globals).c_str(), 0755);
    engine::EngineOptions settings;
    settings.log_detail = options_.detail;
    settings.keep_addresses = options_.keep_addresses;
    settings.release = FRONTDOOR_VERSION;
    settings.state_folder = state_folder(config->globals);
    settings.roles_changed = [this] { tell_roles(); };
    auto engine = engine::Engine::open(io_, std::move(helper), std::move(settings));
    if (!engine) return std::unexpected(engine.error());
    engine_ = std::move(*engine);
    engine_->configure(std::move(config));
    open_control_socket();
    set_reload_clock();
    if (options_.dump) {
        const std::string text = keepalived_data(dump_of(*engine_));
        for (const std::string_view line : common::split(text, '\n')) log::info("{}", line);
    }
    wait_for_signal();
    log::info("Startup complete");
    readiness_.ready();
    return {};
}

int Daemon::run() {
    io_.run();
    signal_watch_.release();
    log::info("Stopped vrrpd {}", FRONTDOOR_VERSION);
    return 0;
}

// Behind everything else, and its end is waited for: who stops the service means the script as well, and a
// supervisor that sees us gone may end whatever we left behind.
void Daemon::finish() {
    const config::Globals& globals = engine_->config().globals;
    auto job = job_of(globals.shutdown_script, globals, globals.shutdown_timeout, "shutdown_script");
    if (!job) return io_.stop();
    log::info("Running shutdown script {}", job->argv.front());
    finishing_ = true;
    engine_->run_job(std::move(*job), [this](const process::HelperEvent& event) {
        log_end("shutdown script", event);
        if (event.final()) io_.stop();
    });
}

void Daemon::set_reload_clock() {
    const config::Globals& globals = engine_->config().globals;
    reload_clock_.configure(globals.reload_time_file, globals.reload_repeat);
}

void Daemon::open_control_socket() {
    const std::string path = control_path(engine_->config().globals);
    auto socket = std::make_unique<OperatorSocket>(
        io_, path, FRONTDOOR_VERSION,
        OperatorSocket::Answers{.status = [this] { return status(); },
                                .metrics = [this] { return metrics_text(); }});
    if (auto done = socket->listen(); !done) {
        log::warning("control_socket {}: {}: vrrpd --show will not work", path, done.error().text);
        return;
    }
    control_ = std::move(socket);
}

boost::json::object Daemon::status() const {
    return status_of(*engine_, process_);
}

// ---- signals

void Daemon::wait_for_signal() {
    signal_watch_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                             [this](boost::system::error_code error) {
                                 if (error) return;
                                 while (const auto signal = signals_.next()) on_signal(*signal);
                                 wait_for_signal();
                             });
}

void Daemon::on_signal(int signal) {
    switch (signal) {
        case SIGHUP:
            return reload();
        case SIGUSR1:
            return write_data();
        case SIGUSR2:
            return write_statistics(false);
        case kSignalStatsClear:
            return write_statistics(true);
        case kSignalJson:
            return write_json();
        case SIGINT:
            if (options_.ignore_sigint) return log::info("SIGINT is ignored (--ignore-sigint)");
            return stop(signal);
        default:
            return stop(signal);
    }
}

void Daemon::reload() {
    if (stopping_) return;
    if (auto done = log::reopen(); !done) log::error("{}", done.error().text);
    log::info("Reloading ...");
    readiness_.reloading();
    common::Diagnostics diagnostics;
    const std::string mark = reload_mark_path(options_, engine_->config().globals);
    if (!mark.empty()) make_mark(mark);
    auto config = load_checked(options_, diagnostics, &engine_->config().globals);
    if (!mark.empty()) ::unlink(mark.c_str());
    log_diagnostics(diagnostics);
    process_.reload = {std::chrono::system_clock::now(), {}};
    if (diagnostics.has_errors()) {
        const auto first =
            std::ranges::find(diagnostics.all(), common::Severity::error, &common::Diagnostic::severity);
        process_.reload.refused = common::Diagnostics::format(*first);
        log::error("Reload refused: {} error(s) in {}; the former configuration stays in force",
                   diagnostics.error_count(), options_.config);
    } else {
        const std::string socket = control_path(engine_->config().globals);
        engine_->configure(std::move(config));
        if (control_path(engine_->config().globals) != socket) {
            control_.reset();
            open_control_socket();
        }
        log::info("Reload complete");
    }
    set_reload_clock();
    readiness_.ready();
}

void Daemon::stop(int signal) {
    if (finishing_) {
        log::info("Signal {} again: not waiting for the shutdown script", signal);
        return io_.stop();
    }
    if (stopping_) {
        log::info("Signal {} again: not waiting for a new master", signal);
    } else {
        // The lines of the tutorial's keepalived, parent and child.
        log::info("Terminating on signal");
        log::info("Terminating VRRP child process on signal");
    }
    stopping_ = true;
    readiness_.stopping();
    engine_->stop([this] { finish(); });
}

void Daemon::tell_roles() {
    std::string text;
    for (const auto& router : engine_->routers()) {
        if (!text.empty()) text += ", ";
        text.append(router->settings().name).append(" ").append(fsm::name_of(router->state().role));
        if (text.size() > 200) {
            text += ", ...";
            break;
        }
    }
    readiness_.status(text);
}

// keepalived.EXTENSION in $TMPDIR or /tmp, or where the configuration says; no link of somebody else's can
// redirect it.
void Daemon::write_dump(const char* extension, const std::string& configured,
                        const std::string& content) const {
    const config::Globals& globals = engine_->config().globals;
    const std::string path = dump_path(globals, configured, extension);
    // Made beside it and renamed: a reader never sees half of it.
    const std::string fresh = path + ".new";
    ::unlink(fresh.c_str());
    const common::UniqueFd fd(
        ::open(fresh.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    const int mask = options_.umask >= 0 ? options_.umask : globals.dumps.umask;
    const bool written = fd && ::fchmod(fd.get(), static_cast<mode_t>(0666 & ~mask)) == 0 &&
                         ::write(fd.get(), content.data(), content.size()) == std::ssize(content);
    if (!written || ::rename(fresh.c_str(), path.c_str()) < 0) {
        log::error("{}", common::fail_errno("cannot write " + path).error().text);
        ::unlink(fresh.c_str());
    }
}

void Daemon::write_data() {
    log::info("Printing VRRP data for process({}) on signal", ::getpid());
    write_dump("data", engine_->config().globals.dumps.data, keepalived_data(dump_of(*engine_)));
}

void Daemon::write_statistics(bool clear) {
    log::info("Printing {}VRRP stats for process({}) on signal", clear ? "and clearing " : "", ::getpid());
    write_dump("stats", engine_->config().globals.dumps.stats, keepalived_stats(dump_of(*engine_)));
    if (clear) engine_->clear_counters();
}

void Daemon::write_json() {
    log::info("Printing VRRP as json for process({}) on signal", ::getpid());
    write_dump("json", engine_->config().globals.dumps.json, keepalived_json(dump_of(*engine_)));
}

std::string Daemon::metrics_text() const {
    return metrics(dump_of(*engine_),
                   {.started = process_.started,
                    .reloads = engine_->reloads(),
                    .unknown_vrids = engine_->unknown_vrids(),
                    .late_timers = engine_->late_timers(),
                    .proxy_link_up = engine_->proxy().state() == common::control::LinkState::up,
                    .release = process_.release});
}

}  // namespace vrrpd::admin
