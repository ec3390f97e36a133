// From the command line to a proven configuration with the limits it runs under. Nothing is opened yet, and
// nothing changed but the processors and the niceness to start with.
#pragma once

#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/process/capabilities.h"
#include "common/process/privileges.h"
#include "proxyd/config/model.h"
#include "proxyd/main/command_line.h"
#include "proxyd/main/programs.h"

namespace proxyd::main {

struct Plan {
    std::shared_ptr<const config::Model> model;
    common::process::Identity identity;  // who to become
    std::vector<ProgramLaunch> programs;
    std::vector<common::process::CapabilityNeed> needs;  // what it must be allowed, also later
    int workers = 1;
    int maxconn = 0;
    int pipes = 0;                // of a worker, for spliced bodies
    std::optional<int> niceness;  // when it serves
    bool has_listener = false;
    bool master = false;
    bool daemon = false;
    std::string pid_file;  // empty: none
    std::string control_path;
    bool control_explicit = false;  // named in the configuration: a failure is an error
};

// Reads the files, prints all complaints to stderr. The error is the exit status.
std::expected<Plan, int> make_plan(const Options& options);

// Raises the descriptor limit for the plan, or lowers its maxconn and says so.
void fit_descriptor_limit(Plan& plan);

// By index of the board (admin/health_board.h): every section with servers.
std::vector<std::string> backend_names(const config::Model& model);
std::vector<int> backend_indexes(const config::Model& model);

}  // namespace proxyd::main
