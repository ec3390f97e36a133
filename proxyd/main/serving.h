// The main thread of a process that serves: signals, heartbeat, soft stop. Alike in a lone process and in a
// worker under a master.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <memory>
#include <optional>

#include "common/clock.h"
#include "common/process/signals.h"
#include "proxyd/admin/health_board.h"
#include "proxyd/main/instance.h"

namespace proxyd::main {

// How the process is to end.
struct Ending {
    int status = 0;
    int signal = 0;  // not 0: by that signal, so that the parent sees the truth
    bool drained =
        false;  // nothing is under way any more: threads end in order, with their log lines written
};

class Serving {
 public:
    struct Settings {
        common::Duration hard_stop_after{0};  // 0: as long as it takes
        common::Duration grace{0};            // from the order to drain on, all goes on for so long
        common::Duration close_spread{0};     // idle connections end within this time; 0: together
        common::UniqueFd master;              // its end means ours; empty: no master
        std::function<void()> state_changed;  // tell the keeper
        bool under_master = false;
    };

    Serving(boost::asio::io_context& io, Instance& instance, std::shared_ptr<admin::HealthBoard> board,
            Settings settings);

    // Signals are blocked from the constructor on. Starts the instance, calls `ready`, returns when it is
    // over.
    Ending run(const std::function<void()>& ready);

 private:
    void watch_signals();
    void watch_master();
    void beat();
    void on_signal(int signal);
    void drain();
    void begin_draining();
    void close_idle(common::Duration passed);
    void look_at_drain();
    void print_report();
    void finish(Ending ending);
    void set_state(common::control::ProxyState state);

    boost::asio::io_context& io_;
    Instance& instance_;
    std::shared_ptr<admin::HealthBoard> board_;
    Settings settings_;
    common::process::SignalReader signals_;
    boost::asio::posix::stream_descriptor signal_events_;
    boost::asio::posix::stream_descriptor master_events_;
    boost::asio::steady_timer timer_;
    std::optional<common::TimePoint> grace_ends_;
    std::optional<common::TimePoint> draining_since_;
    bool idle_closed_ = false;
    std::optional<Ending> ending_;
};

// Ends the process as `ending` says, without running destructors of static objects.
[[noreturn]] void end_process(Ending ending, Instance& instance);

}  // namespace proxyd::main
