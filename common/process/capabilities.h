// Single rights of root (capabilities(7)) that a process keeps when it becomes another user.
#pragma once

#include <string>
#include <vector>

#include "common/error.h"

namespace common::process {

// Numbers are CAP_* of <linux/capability.h>.
struct CapabilityNeed {
    int capability = 0;
    std::string what_for;  // "'usesrc' of server b/s"
};

bool has_capability(int capability);  // effective, of the calling thread

// Fails with a sentence that names the first one that is missing.
Result<> check_capabilities(const std::vector<CapabilityNeed>& needs);

// Around the change of user; of the calling thread, whose later threads inherit it. What was not there is not
// asked for.
Result<> hold_capabilities();
Result<> keep_capabilities(const std::vector<int>& kept);  // these and no others

}  // namespace common::process
