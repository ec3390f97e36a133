// The lines that SIGHUP and the end of a soft stop print, word for word as HAProxy's.
#pragma once

#include <string>
#include <vector>

#include "proxyd/config/model.h"
#include "proxyd/state/proxy_state.h"

namespace proxyd::main {

std::vector<std::string> server_report(const config::Model& model, const state::SharedState& state);
std::vector<std::string> closing_report(const config::Model& model, const state::SharedState& state);

}  // namespace proxyd::main
