// Who a script runs as, and whether it is safe to run it as that (keepalived.conf(5), script_user and
// enable_script_security). Names are resolved when the configuration is read: the system's user database may
// block.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "common/error.h"
#include "common/process/helper_messages.h"
#include "vrrpd/config/model.h"

namespace vrrpd::engine {

// A resolved user; all empty: the user vrrpd runs as.
struct Account {
    std::optional<uid_t> uid;
    std::optional<gid_t> gid;
    std::vector<gid_t> groups;

    bool is_root() const;
    common::process::HelperJob job(const std::vector<std::string>& argv) const;
};

common::Result<Account> resolve(const config::RunAs& run_as);

// The command's own user, else script_user, else `keepalived_script` where that user exists, else our own.
common::Result<Account> account_for(const config::Command& command, const config::Globals& globals);

// The file that argv[0] stands for, looked for in PATH when it has no '/'. Fails when there is none that
// `account` may execute, as far as can be told.
common::Result<std::string> locate(const config::Command& command);

// A sentence about the part of the path that somebody other than root may change; empty: none.
std::string insecure_part(const std::string& path);

}  // namespace vrrpd::engine
