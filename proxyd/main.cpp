// Wiring only: what the command line asks for.
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <string_view>
#include <vector>

#include "common/logging.h"
#include "common/process/signals.h"
#include "proxyd/admin/control_link.h"
#include "proxyd/config/condition.h"
#include "proxyd/config/keywords.h"
#include "proxyd/main/command_line.h"
#include "proxyd/main/health_query.h"
#include "proxyd/main/launch.h"
#include "proxyd/main/own_log.h"
#include "proxyd/main/version.h"

namespace {

using proxyd::main::Options;

int print(const std::string& text) {
    return std::fputs(text.c_str(), stdout) < 0 ? 1 : 0;
}

int evaluate(const Options& options) {
    const auto truth = proxyd::config::evaluate_condition(options.condition);
    if (truth) return *truth ? 0 : 1;
    common::log::alert("Failed to evaluate condition: {}", truth.error().text);
    return 2;
}

int perform(const Options& options) {
    switch (options.task) {
        case Options::Task::run:
            return proxyd::main::launch(options);
        case Options::Task::check:
            return proxyd::main::check_configuration(options);
        case Options::Task::condition:
            return evaluate(options);
        case Options::Task::health:
            return proxyd::main::query_health(options.control_path.empty()
                                                  ? std::string(proxyd::admin::kDefaultControlPath)
                                                  : options.control_path);
        case Options::Task::version:
            return print(proxyd::main::version_text());
        case Options::Task::build_report:
            return print(proxyd::main::build_report_text());
        case Options::Task::keywords:
            return print(proxyd::config::keywords_text());
        case Options::Task::help:
            return print(proxyd::main::usage("proxyd"));
    }
    return 1;
}

}  // namespace

int main(int argc, char** argv) {
    // First of all: these end a process that is not ready to read them, and who has just started a proxy may
    // well signal it at once.
    common::process::hold_signals({SIGUSR1, SIGUSR2, SIGHUP});
    const std::vector<std::string_view> arguments(argv + 1, argv + argc);
    const auto options = proxyd::main::parse_command_line(arguments);
    if (!options) {
        proxyd::main::log_to_console(false, false);
        common::log::alert("{}", options.error().text);
        return 1;
    }
    proxyd::main::log_to_console(options->quiet, options->debug);
    if (arguments.empty()) {
        print(proxyd::main::usage("proxyd"));
        return 1;
    }
    if (!options->directory.empty() && ::chdir(options->directory.c_str()) < 0) {
        common::log::alert("cannot change to folder {}", options->directory);
        return 1;
    }
    for (const std::string& option : options->ignored)
        common::log::notice("option {} has no effect here", option);
    return perform(*options);
}
