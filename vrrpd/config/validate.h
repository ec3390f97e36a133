// The second half of loading: what can be said only when everything is read.
#pragma once

#include "common/diagnostics.h"
#include "vrrpd/config/draft.h"

namespace vrrpd::config {

// Fills in defaults, resolves names, checks instances against each other.
Config complete(Draft draft, common::Diagnostics& diagnostics);

}  // namespace vrrpd::config
