#include "proxyd/main/serving.h"

#include <unistd.h>

#include <csignal>

#include "common/logging.h"
#include "proxyd/admin/control_link.h"

namespace proxyd::main {

namespace log = common::log;
namespace asio = boost::asio;
using common::control::ProxyState;

namespace {

// A client that is about to send its next request on a kept connection gets an answer instead of a reset:
// idle connections are closed only this long after the soft stop began.
constexpr auto kIdleGrace = std::chrono::seconds(2);

common::process::SignalReader open_signals() {
    auto reader = common::process::SignalReader::open(
        {SIGTERM, SIGINT, SIGUSR1, SIGUSR2, SIGHUP, SIGQUIT, SIGTTOU, SIGTTIN, SIGCHLD});
    if (!reader) log::alert("{}", reader.error().text);
    return reader ? std::move(*reader) : common::process::SignalReader();
}

}  // namespace

Serving::Serving(asio::io_context& io, Instance& instance, std::shared_ptr<admin::HealthBoard> board,
                 Settings settings)
    : io_(io),
      instance_(instance),
      board_(std::move(board)),
      settings_(std::move(settings)),
      signals_(open_signals()),
      signal_events_(io, ::dup(signals_.fd())),
      master_events_(io),
      timer_(io) {}

Ending Serving::run(const std::function<void()>& ready) {
    instance_.start();
    beat();
    set_state(ProxyState::ready);
    watch_signals();
    if (settings_.master) {
        master_events_.assign(settings_.master.release());
        watch_master();
    }
    ready();
    while (!ending_) io_.run_one();
    return *ending_;
}

void Serving::watch_signals() {
    signal_events_.async_wait(asio::posix::stream_descriptor::wait_read,
                              [this](const boost::system::error_code& error) {
                                  if (error) return;
                                  while (const auto signal = signals_.next()) on_signal(*signal);
                                  watch_signals();
                              });
}

void Serving::watch_master() {
    master_events_.async_wait(asio::posix::stream_descriptor::wait_read,
                              [this](const boost::system::error_code&) {
                                  log::alert("the master is gone: exiting");
                                  finish({0, SIGTERM});
                              });
}

void Serving::beat() {
    board_->main_thread.last_turn_ms.store(admin::monotonic_ms(), std::memory_order_relaxed);
    instance_.refresh_board();
    look_at_drain();
    timer_.expires_after(admin::kHealthInterval);
    timer_.async_wait([this](const boost::system::error_code& error) {
        if (!error) beat();
    });
}

void Serving::on_signal(int signal) {
    switch (signal) {
        case SIGTERM:
            finish({0, SIGTERM});
            break;
        case SIGINT:
            finish({0, 0});
            break;
        case SIGUSR1:
            drain();
            break;
        case SIGHUP:
            print_report();
            break;
        case SIGUSR2:
            log::warning("SIGUSR2 reloads a master (-W); this process has none");
            break;
        default:
            break;  // SIGTTOU and SIGTTIN come from an old HAProxy that wants our ports: it can share them
    }
}

void Serving::drain() {
    if (draining_since_ || grace_ends_) return;
    if (settings_.grace.count() <= 0) return begin_draining();
    grace_ends_ = common::Clock::now() + settings_.grace;
    log::warning("soft stop after the grace time");
}

void Serving::begin_draining() {
    draining_since_ = common::Clock::now();
    log::warning("soft stop: no new connections, ending when the last one has gone");
    set_state(ProxyState::draining);
    instance_.soft_stop();
    instance_.refresh_board();
}

// All at once, or little by little: of those that are left, as many in each of the beats that are left.
void Serving::close_idle(common::Duration passed) {
    const common::Duration spread = settings_.close_spread;
    if (idle_closed_ || spread == common::Duration::max()) return;
    idle_closed_ = passed >= (spread.count() > 0 ? spread : common::Duration(kIdleGrace));
    if (idle_closed_) return instance_.close_idle();
    if (spread.count() > 0)
        instance_.close_idle(static_cast<int>((spread - passed) / admin::kHealthInterval) + 1);
}

void Serving::look_at_drain() {
    if (ending_) return;
    if (grace_ends_ && !draining_since_ && common::Clock::now() >= *grace_ends_) begin_draining();
    if (!draining_since_) return;
    const auto passed = common::Clock::now() - *draining_since_;
    close_idle(passed);
    const bool too_long = settings_.hard_stop_after.count() > 0 && passed >= settings_.hard_stop_after;
    if (too_long) log::warning("hard-stop-after: {} connections are cut", instance_.connections());
    if (instance_.connections() > 0 && !too_long) return;
    for (const std::string& line : instance_.closing_report()) log::warning("{}", line);
    finish({0, 0, !too_long});
}

void Serving::print_report() {
    if (auto reopened = instance_.reopen_logs(); !reopened) log::warning("{}", reopened.error().text);
    if (auto reopened = log::reopen(); !reopened) log::warning("{}", reopened.error().text);
    for (const std::string& line : instance_.server_report()) log::warning("{}", line);
}

void Serving::set_state(ProxyState state) {
    board_->state.store(state, std::memory_order_release);
    if (settings_.state_changed) settings_.state_changed();
}

void Serving::finish(Ending ending) {
    if (ending_) return;
    ending_ = ending;
    set_state(ProxyState::stopping);
}

void end_process(Ending ending, Instance& instance) {
    if (ending.drained) instance.stop();
    if (ending.signal != 0) {
        std::signal(ending.signal, SIG_DFL);
        sigset_t set;
        sigemptyset(&set);
        sigaddset(&set, ending.signal);
        pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
        ::raise(ending.signal);
    }
    ::_exit(ending.status);
}

}  // namespace proxyd::main
