// load-server-state-from-file: reads the files that the configuration names and makes servers be as they
// were.
#pragma once

#include "proxyd/config/model.h"
#include "proxyd/state/proxy_state.h"

namespace proxyd::main {

// After the servers are made, before chroot and threads. Files that are missing or wrong are warned about,
// lines that cannot be read are skipped.
void load_saved_states(const config::Model& model, state::SharedState& state);

}  // namespace proxyd::main
