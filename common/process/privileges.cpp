#include "common/process/privileges.h"

#include <grp.h>
#include <pwd.h>
#include <unistd.h>

#include <array>

#include "common/process/capabilities.h"

namespace common::process {
namespace {

struct UserEntry {
    uid_t uid;
    gid_t gid;
    std::string name;
};

// The reentrant forms: names may be looked up while threads run (scripts' users).
std::optional<UserEntry> find_user(const std::string& name) {
    std::vector<char> buffer(16 * 1024);
    passwd entry{};
    passwd* found = nullptr;
    if (::getpwnam_r(name.c_str(), &entry, buffer.data(), buffer.size(), &found) != 0 || !found) return {};
    return UserEntry{entry.pw_uid, entry.pw_gid, name};
}

std::optional<UserEntry> find_user(uid_t uid) {
    std::vector<char> buffer(16 * 1024);
    passwd entry{};
    passwd* found = nullptr;
    if (::getpwuid_r(uid, &entry, buffer.data(), buffer.size(), &found) != 0 || !found) return {};
    return UserEntry{entry.pw_uid, entry.pw_gid, entry.pw_name};
}

std::optional<gid_t> find_group(const std::string& name) {
    std::vector<char> buffer(64 * 1024);
    group entry{};
    group* found = nullptr;
    if (::getgrnam_r(name.c_str(), &entry, buffer.data(), buffer.size(), &found) != 0 || !found) return {};
    return entry.gr_gid;
}

std::vector<gid_t> groups_of(const std::string& user, gid_t primary) {
    int count = 64;
    std::vector<gid_t> groups(static_cast<std::size_t>(count));
    if (::getgrouplist(user.c_str(), primary, groups.data(), &count) < 0) {
        groups.resize(static_cast<std::size_t>(count));
        ::getgrouplist(user.c_str(), primary, groups.data(), &count);
    }
    groups.resize(static_cast<std::size_t>(count));
    return groups;
}

Result<> enter_chroot(const std::string& folder) {
    if (::chroot(folder.c_str()) < 0) return fail_errno("cannot chroot to " + folder);
    if (::chdir("/") < 0) return fail_errno("cannot enter the chroot folder " + folder);
    return {};
}

Result<> set_groups(const Identity& identity) {
    // Without a list of its own the new user would keep root's supplementary groups.
    if (::geteuid() == 0 && ::setgroups(identity.groups.size(), identity.groups.data()) < 0) {
        return fail_errno("cannot set the supplementary groups");
    }
    if (identity.gid && ::setgid(*identity.gid) < 0) {
        return fail_errno("cannot change to group " + std::to_string(*identity.gid));
    }
    return {};
}

}  // namespace

Result<Identity> resolve_identity(const PrivilegeSettings& settings) {
    Identity identity{settings.uid, settings.gid, {}, settings.chroot, {}};
    std::optional<UserEntry> user;
    if (!settings.user.empty()) {
        user = find_user(settings.user);
        if (!user) return fail("there is no user '" + settings.user + "' on this system", Side::config);
        identity.uid = user->uid;
    } else if (identity.uid) {
        user = find_user(*identity.uid);
    }
    if (!settings.group.empty()) {
        identity.gid = find_group(settings.group);
        if (!identity.gid) {
            return fail("there is no group '" + settings.group + "' on this system", Side::config);
        }
    }
    if (identity.uid && !identity.gid && user && !settings.user.empty()) identity.gid = user->gid;
    if (identity.gid) {
        identity.groups = user ? groups_of(user->name, *identity.gid) : std::vector<gid_t>{*identity.gid};
    }
    return identity;
}

Result<> drop_privileges(const Identity& identity) {
    if (!identity.chroot.empty()) {
        if (auto entered = enter_chroot(identity.chroot); !entered) return entered;
    }
    const bool same_user = !identity.uid || *identity.uid == ::geteuid();
    const bool same_group = !identity.gid || *identity.gid == ::getegid();
    if (same_user && same_group && ::geteuid() != 0) return {};
    if (identity.gid) {
        if (auto set = set_groups(identity); !set) return set;
    }
    const bool keeps = !identity.capabilities.empty() && identity.uid && *identity.uid != 0;
    if (keeps) {
        if (auto held = hold_capabilities(); !held) return held;
    }
    if (identity.uid && ::setuid(*identity.uid) < 0) {
        return fail_errno("cannot change to user " + std::to_string(*identity.uid));
    }
    if (keeps) {
        if (auto kept = keep_capabilities(identity.capabilities); !kept) return kept;
    }
    const bool can_return = identity.uid && *identity.uid != 0 && ::setuid(0) == 0;
    if (can_return) return fail("privileges could be taken back after dropping them");
    return {};
}

}  // namespace common::process
