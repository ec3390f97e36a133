// What the configuration asks of this node and does not find: looked at before anything is started, by -t,
// and at a reload.
#pragma once

#include "common/diagnostics.h"
#include "vrrpd/config/model.h"

namespace vrrpd::engine {

// An interface that does not exist is an error (with dynamic_interfaces a warning); users, scripts and
// sources that do not exist are warnings.
void check_node(const config::Config& config, common::Diagnostics& diagnostics);

// Whether enable_script_security keeps a script from being run; check_node() has told of it.
bool has_insecure_scripts(const config::Config& config);

}  // namespace vrrpd::engine
