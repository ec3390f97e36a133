// vrrpd: wiring only. The command line is admin/options, the running keeper admin/daemon.
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <filesystem>

#include "common/process/signals.h"
#include "vrrpd/admin/daemon.h"
#include "vrrpd/admin/exit_status.h"
#include "vrrpd/admin/options.h"
#include "vrrpd/admin/places.h"
#include "vrrpd/config/load.h"
#include "vrrpd/config/model.h"
#include "vrrpd/engine/check.h"

namespace {

using vrrpd::admin::Mode;
using vrrpd::admin::Options;

constexpr const char* kConfigPlaces[] = {"/etc/vrrpd/keepalived.conf", "/etc/keepalived/keepalived.conf"};

// The file given, else the first place where one is; absolute, because a daemon may change its folder.
std::string config_path(const Options& options) {
    std::string path = options.config;
    for (const char* place : kConfigPlaces) {
        if (path.empty() && ::access(place, F_OK) == 0) path = place;
    }
    if (path.empty()) path = kConfigPlaces[0];
    std::error_code ignored;
    return std::filesystem::absolute(path, ignored).string();
}

void print(const common::Diagnostics& diagnostics) {
    for (const common::Diagnostic& entry : diagnostics.all()) {
        std::fprintf(stderr, "%s\n", common::Diagnostics::format(entry).c_str());
    }
}

int test_status(const common::Diagnostics& diagnostics, const vrrpd::config::Config& config) {
    if (diagnostics.has_errors()) return vrrpd::admin::kTestCannotRun;
    if (!diagnostics.has_warnings()) return vrrpd::admin::kExitGood;
    return vrrpd::engine::has_insecure_scripts(config) ? vrrpd::admin::kTestInsecure
                                                       : vrrpd::admin::kTestWarnings;
}

int run(Options options) {
    options.config = config_path(options);
    common::Diagnostics diagnostics;
    auto config = vrrpd::admin::load_checked(options, diagnostics);
    if (options.mode == Mode::test || diagnostics.has_errors()) print(diagnostics);
    if (options.mode == Mode::test) return test_status(diagnostics, *config);
    if (diagnostics.has_errors()) {
        return ::access(options.config.c_str(), R_OK) == 0 ? vrrpd::admin::kExitConfig
                                                           : vrrpd::admin::kExitNoConfig;
    }
    return vrrpd::admin::run_daemon(options, std::move(config), diagnostics);
}

int print_signal(const std::string& name) {
    const int number = vrrpd::admin::signal_number(name);
    if (number == 0) {
        std::fprintf(stderr,
                     "vrrpd: unknown signal '%s'; there are RELOAD, STOP, DATA, STATS, STATS_CLEAR, JSON\n",
                     name.c_str());
        return 1;
    }
    std::printf("%d\n", number);
    return 0;
}

std::string control_path(const Options& options) {
    if (!options.show_socket.empty()) return options.show_socket;
    vrrpd::config::Globals globals;
    globals.namespace_name = options.net_namespace;
    return vrrpd::admin::control_path(globals);
}

}  // namespace

int main(int argc, char** argv) {
    // First of all: what asks a running keeper for something waits until this one runs. The default of these
    // signals is death, and who has just started a keeper may well signal it at once.
    common::process::hold_signals(
        {SIGHUP, SIGUSR1, SIGUSR2, vrrpd::admin::kSignalStatsClear, vrrpd::admin::kSignalJson});
    auto options = vrrpd::admin::parse_options(argc, argv);
    if (!options) {
        std::fprintf(stderr, "vrrpd: %s\n", options.error().text.c_str());
        return vrrpd::admin::kExitFailed;
    }
    switch (options->mode) {
        case Mode::help:
            std::fputs(vrrpd::admin::help_text().c_str(), stdout);
            return 0;
        case Mode::version:
            std::puts("vrrpd " FRONTDOOR_VERSION " (reads keepalived.conf)");
            return 0;
        case Mode::keywords:
            std::fputs(vrrpd::config::keyword_reference().c_str(), stdout);
            return 0;
        case Mode::signum:
            return print_signal(options->signal_name);
        case Mode::show:
            return vrrpd::admin::show(control_path(*options), options->json);
        case Mode::metrics:
            return vrrpd::admin::show_metrics(control_path(*options));
        case Mode::run:
        case Mode::test:
            break;
    }
    return run(std::move(*options));
}
