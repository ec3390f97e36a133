#include "proxyd/main/launch.h"

#include <csignal>
#include <cstdio>

#include "common/logging.h"
#include "common/process/privileges.h"
#include "common/process/signals.h"
#include "proxyd/main/instance.h"
#include "proxyd/main/master.h"
#include "proxyd/main/own_log.h"
#include "proxyd/main/process_settings.h"
#include "proxyd/main/serving.h"
#include "proxyd/main/starter.h"

namespace proxyd::main {
namespace {

namespace log = common::log;
namespace process = common::process;

// One process that serves by itself.
int run_alone(Starter starter) {
    const Plan& plan = starter.plan;
    auto board = admin::HealthBoard::create(plan.workers, backend_indexes(*plan.model).size());
    if (!board) {
        log::alert("{}", board.error().text);
        return 1;
    }
    boost::asio::io_context io(1);
    std::unique_ptr<Instance> instance;
    bool control_ok = true;
    admin::ControlLinkSettings control;
    control.sockets = [&] { return instance ? instance->listening_descriptors() : std::vector<int>(); };
    control.ticket_keys = [&] { return instance ? to_text(instance->ticket_keys()) : std::string(); };
    auto link = starter.open_control(io, std::move(control), control_ok);
    if (!control_ok) return 1;

    auto created = Instance::create(
        {plan.model, *board, plan.workers, plan.maxconn, plan.pipes, next_keys(starter.takeover.ticket_keys)},
        std::move(starter.sockets));
    if (!created) {
        log::alert("{}", created.error().text);
        return 1;
    }
    instance = std::move(*created);
    if (!starter.write_pid_file()) return 1;
    if (plan.daemon)
        log_to_targets(
            [i = instance.get()](int severity, std::string_view text) { i->log_message(severity, text); });
    set_niceness(plan.niceness);
    if (auto dropped = process::drop_privileges(plan.identity); !dropped) {
        log::alert("{}", dropped.error().text);
        return 1;
    }
    allow_core_files(plan.model->global);
    if (link) link->watch(*board, backend_names(*plan.model));

    Serving::Settings settings;
    settings.hard_stop_after = plan.model->global.hard_stop_after;
    settings.grace = plan.model->global.grace;
    settings.close_spread = plan.model->global.close_spread;
    settings.state_changed = [&] {
        if (link) link->poke();
    };
    Serving serving(io, *instance, *board, std::move(settings));
    const Ending ending = serving.run([&] { starter.serving("serving"); });
    starter.readiness.stopping();
    starter.pid_file.remove();
    link.reset();  // removes the socket's file, unless a successor owns it
    end_process(ending, *instance);
}

}  // namespace

int launch(const Options& options) {
    process::ignore_sigpipe();
    Starter starter;
    starter.options = options;
    if (options.files.empty() && options.quick.empty()) {
        log::alert("no configuration file: -f FILE");
        return 1;
    }
    auto plan = make_plan(options);
    if (!plan) return plan.error();
    starter.plan = std::move(*plan);
    if (!starter.plan.has_listener) {
        log::alert("No enabled listener found (check for 'bind' directives)! Exiting.");
        return 2;
    }
    if (auto allowed = process::check_capabilities(starter.plan.needs); !allowed) {
        log::alert("{}", allowed.error().text);
        return 1;
    }
    fit_descriptor_limit(starter.plan);
    starter.readiness = process::Readiness::from_environment();
    process::hold_signals({SIGTERM, SIGINT, SIGUSR1, SIGUSR2, SIGHUP});
    if (!starter.open_sockets() || !starter.go_to_background()) return 1;
    return starter.plan.master ? run_master(std::move(starter)) : run_alone(std::move(starter));
}

int check_configuration(const Options& options) {
    if (options.files.empty() && options.quick.empty()) {
        log::alert("no configuration file: -f FILE");
        return 1;
    }
    const auto plan = make_plan(options);
    if (!plan) return plan.error();
    if (!plan->has_listener) {
        if (!options.quiet)
            std::puts("Configuration file has no error but will not start (no listener) => exit(2).");
        return 2;
    }
    if (options.verbose && !options.quiet) std::puts("Configuration file is valid");
    return 0;
}

}  // namespace proxyd::main
