// Tells backends which servers of others track theirs (configuration manual 5.2, track).
#pragma once

#include "proxyd/config/model.h"
#include "proxyd/session/runtime.h"

namespace proxyd::main {

// After all backends are made and before any thread runs; trackers start as those they track.
void connect_followers(const config::Model& model, session::Runtime& runtime);

}  // namespace proxyd::main
