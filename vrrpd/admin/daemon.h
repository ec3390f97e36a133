// The life of the running keeper: start, signals, reload, end. One thread.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <memory>

#include "common/process/daemonize.h"
#include "common/process/pid_file.h"
#include "common/process/readiness.h"
#include "common/process/signals.h"
#include "vrrpd/admin/operator_socket.h"
#include "vrrpd/admin/options.h"
#include "vrrpd/admin/reload_clock.h"
#include "vrrpd/admin/status.h"
#include "vrrpd/engine/engine.h"

namespace vrrpd::admin {

// Reads the configuration and looks whether this node has what it asks for, in its network namespace. At the
// start that one is entered; a keeper that runs already (`running`) stays where it is.
std::shared_ptr<const config::Config> load_checked(const Options& options, common::Diagnostics& diagnostics,
                                                   const config::Globals* running = nullptr);

// Starts the keeper with a configuration that is good, and returns its exit status when it has ended. Goes
// into the background unless told otherwise; the caller's command ends with 0 once the keeper runs.
int run_daemon(const Options& options, std::shared_ptr<const config::Config> config,
               const common::Diagnostics& diagnostics);

class Daemon {
 public:
    Daemon(const Options& options, common::process::Readiness readiness,
           common::process::SignalReader signals);

    // Everything up to the first event. After it fails nothing is left behind.
    common::Result<> start(common::process::HelperProcess helper,
                           std::shared_ptr<const config::Config> config);
    int run();

 private:
    void wait_for_signal();
    void on_signal(int signal);
    void reload();
    void stop(int signal);
    void finish();
    void write_data();
    void write_statistics(bool clear);
    void write_json();
    void write_dump(const char* extension, const std::string& configured, const std::string& content) const;
    void tell_roles();
    void open_control_socket();
    void set_reload_clock();
    boost::json::object status() const;
    std::string metrics_text() const;

    const Options& options_;
    boost::asio::io_context io_{1};
    common::process::Readiness readiness_;
    common::process::SignalReader signals_;
    boost::asio::posix::stream_descriptor signal_watch_;
    ProcessInfo process_;
    std::unique_ptr<engine::Engine> engine_;
    std::unique_ptr<OperatorSocket> control_;
    ReloadClock reload_clock_{io_, [this] { reload(); }};
    bool stopping_ = false;
    bool finishing_ = false;  // nothing is left but the end of shutdown_script
};

}  // namespace vrrpd::admin
