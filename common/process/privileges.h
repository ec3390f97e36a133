// Giving up root: chroot, group, supplementary groups, user; in this order, checked afterwards.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "common/error.h"

namespace common::process {

// Who to become. Names win over numbers; all empty: stay as we are.
struct PrivilegeSettings {
    std::string user;
    std::string group;
    std::optional<uid_t> uid;
    std::optional<gid_t> gid;
    std::string chroot;
};

// Settings looked up in the system's databases, which a chroot no longer holds.
struct Identity {
    std::optional<uid_t> uid;
    std::optional<gid_t> gid;
    std::vector<gid_t> groups;  // supplementary, as initgroups(3) would set them
    std::string chroot;
    std::vector<int> capabilities;  // CAP_* kept by a user who is not root, as far as there are any
};

// Fails with the name that does not exist. Needs no privileges: a configuration check calls it too.
Result<Identity> resolve_identity(const PrivilegeSettings& settings);

// Applies it to the process (all threads by glibc; call it before any exists). Not being root is an error
// only if something would change. Core dumps stay as they were.
Result<> drop_privileges(const Identity& identity);

}  // namespace common::process
