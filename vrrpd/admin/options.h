// vrrpd's command line: keepalived 2.x's options, plus --log-file, --show and --keywords.
#pragma once

#include <string>
#include <vector>

#include "common/error.h"

namespace vrrpd::admin {

enum class Mode : unsigned char { run, test, show, metrics, keywords, version, help, signum };

struct Options {
    Mode mode = Mode::run;
    std::string config;         // -f; empty: the default places
    std::string pid_file;       // -p; empty: /run/vrrpd.pid
    std::string config_id;      // -i
    std::string net_namespace;  // -s; empty: as the configuration says
    bool all_includes = false;  // -e
    std::string log_file;
    std::string signal_name;         // --signum
    std::string show_socket;         // --socket, with --show
    std::string vrrp_pid_file;       // -r; empty: none
    bool ignore_sigint = false;      // --ignore-sigint
    bool foreground = false;         // -n
    bool console = false;            // -l
    bool detail = false;             // -D
    bool dump = false;               // -d: the configuration goes to the log as it was understood
    bool syslog = true;              // not -G
    bool json = false;               // --json, with --show
    bool keep_addresses = false;     // -V
    int facility = 3 << 3;           // -S; LOG_DAEMON
    int umask = -1;                  // -u
    std::vector<std::string> notes;  // options taken without effect, to be logged
};

// Fails with a sentence. Does not touch anything but its arguments.
common::Result<Options> parse_options(int argc, const char* const* argv);

std::string help_text();

// keepalived's numbers of signals that have no name of their own.
inline constexpr int kSignalStatsClear = 63, kSignalJson = 36;

// Number of the signal for RELOAD, STOP, DATA, STATS, STATS_CLEAR, JSON (keepalived's names); 0: unknown.
int signal_number(const std::string& name);

}  // namespace vrrpd::admin
