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
    // The check of a vrrp_script: its program, or the test of its file.
    common::process::HelperJob job_of(const config::Command& check) const;
};

common::Result<Account> resolve(const config::RunAs& run_as);

// The command's own user, else script_user, else `keepalived_script` where that user exists, else our own.
common::Result<Account> account_for(const config::Command& command, const config::Globals& globals);

// The file that argv[0] stands for, looked for in PATH when it has no '/'. Fails when there is none.
common::Result<std::string> locate(const config::Command& command);

// Why `account` cannot execute the file, as far as owners and modes tell; empty: it can.
std::string unusable_part(const std::string& path, const Account& account);

// A sentence about the part of the path that somebody other than root may change; empty: none.
std::string insecure_part(const std::string& path);

struct ScriptTrouble {
    std::string text;       // empty: it may be run
    bool insecure = false;  // enable_script_security forbids it
};
// Whether the command can and may be run: it is there, its user may execute it, and with
// enable_script_security nobody else may change what runs as root (the set-user-ID bit counts as that).
ScriptTrouble script_trouble(const config::Command& command, const Account& account, bool script_security);

}  // namespace vrrpd::engine
