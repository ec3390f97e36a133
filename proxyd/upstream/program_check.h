// What the program of an external check is told, and what its end means (configuration manual 4.2,
// external-check command). Pure.
#pragma once

#include "common/process/helper_messages.h"
#include "proxyd/state/server_state.h"
#include "proxyd/upstream/check_result.h"
#include "proxyd/upstream/program_runner.h"
#include "proxyd/upstream/settings.h"

namespace proxyd::upstream {

// `address`: where a check by connection would go.
common::process::HelperJob program_job(const BackendSettings& backend, const ServerSettings& settings,
                                       const state::ServerState& server, const common::Endpoint& address);

CheckResult judge_program(const ProgramResult& result);

}  // namespace proxyd::upstream
