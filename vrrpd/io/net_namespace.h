// `net_namespace NAME` of the configuration: the whole keeper lives in another network namespace.
#pragma once

#include <string>

#include "common/error.h"

namespace vrrpd::io {

// Moves the calling thread, and every thread and process it starts from then on, into the network namespace
// that `ip netns add NAME` made. Call it before any socket is opened: those stay where they were made. Files
// are not affected. Needs CAP_SYS_ADMIN. Fails with a sentence when there is none of this name.
common::Result<> enter_net_namespace(const std::string& name);

}  // namespace vrrpd::io
