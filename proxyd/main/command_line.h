// proxyd's command line, as HAProxy's (management manual, chapter 3): options start with one '-' and are
// whole words
// ("-sf", "-Ws"), so it is no getopt style. Pure.
#pragma once

#include <sys/types.h>

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/error.h"

namespace proxyd::main {

struct Options {
    enum class Task : unsigned char { run, check, condition, health, version, build_report, help, keywords };
    Task task = Task::run;

    std::vector<std::string> files;    // -f, and all after --
    std::string condition;             // -cc
    std::string control_path;          // --health; empty: the default
    std::string quick;                 // --quick
    std::string directory;             // -C
    std::string pid_file;              // -p
    std::string local_peer;            // -L
    std::optional<int> maxconn;        // -n
    bool daemon = false;               // -D
    bool foreground = false;           // -db, -d
    bool debug = false;                // -d
    bool verbose = false;              // -V
    bool quiet = false;                // -q
    bool master = false;               // -W, -Ws
    bool notify = false;               // -Ws
    bool zero_warning = false;         // -dW
    bool no_splice = false;            // -dS
    std::vector<pid_t> finish;         // -sf
    std::vector<pid_t> terminate;      // -st
    std::string takeover_path;         // -x
    std::vector<std::string> ignored;  // understood, without effect here: a notice says so
};

// `arguments` without the program's name. The error is a sentence with the nearest known option.
common::Result<Options> parse_command_line(std::span<const std::string_view> arguments);

// The list that -h and an empty command line print.
std::string usage(std::string_view program);

}  // namespace proxyd::main
