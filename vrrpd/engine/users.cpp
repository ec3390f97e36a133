#include "vrrpd/engine/users.h"

#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "common/text.h"
#include "vrrpd/io/file_test.h"

namespace vrrpd::engine {
namespace {

constexpr const char* kScriptUser = "keepalived_script";  // keepalived's default, if the system has it
constexpr const char* kDefaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

std::optional<unsigned> number(const std::string& text) {
    const auto value = common::parse_number(text, 0, 0xfffffffe);
    return value ? std::optional(static_cast<unsigned>(*value)) : std::nullopt;
}

std::vector<gid_t> groups_of(const char* user, gid_t primary) {
    int count = 64;
    std::vector<gid_t> groups(static_cast<std::size_t>(count));
    if (::getgrouplist(user, primary, groups.data(), &count) < 0) {
        groups.resize(static_cast<std::size_t>(count));
        ::getgrouplist(user, primary, groups.data(), &count);
    }
    groups.resize(static_cast<std::size_t>(std::max(count, 0)));
    return groups;
}

bool executable(const std::string& path) {
    struct stat info{};
    return ::stat(path.c_str(), &info) == 0 && S_ISREG(info.st_mode) && (info.st_mode & 0111) != 0;
}

}  // namespace

bool Account::is_root() const {
    return uid.value_or(::geteuid()) == 0;
}

common::process::HelperJob Account::job(const std::vector<std::string>& argv) const {
    common::process::HelperJob result;
    result.argv = argv;
    result.uid = uid;
    result.gid = gid;
    result.groups = groups;
    return result;
}

common::process::HelperJob Account::job_of(const config::Command& check) const {
    if (!check.is_file_test()) return job(check.argv);
    auto result = job({});
    result.task = io::kFileTestTask.name;
    result.payload = check.tested_file();
    return result;
}

common::Result<Account> resolve(const config::RunAs& run_as) {
    Account account;
    if (run_as.empty()) return account;
    // A number that no user has is a user nonetheless.
    const passwd* user = ::getpwnam(run_as.user.c_str());
    account.uid = user != nullptr ? std::optional<uid_t>(user->pw_uid) : number(run_as.user);
    if (!account.uid) return common::fail("no such user '" + run_as.user + "'", common::Side::config);
    if (user != nullptr) account.gid = user->pw_gid;
    if (!run_as.group.empty()) {
        const group* entry = ::getgrnam(run_as.group.c_str());
        account.gid = entry != nullptr ? std::optional<gid_t>(entry->gr_gid) : number(run_as.group);
        if (!account.gid) return common::fail("no such group '" + run_as.group + "'", common::Side::config);
    }
    if (!account.gid) account.gid = static_cast<gid_t>(*account.uid);
    account.groups = {*account.gid};
    if (run_as.supplementary_groups && user != nullptr)
        account.groups = groups_of(user->pw_name, *account.gid);
    return account;
}

common::Result<Account> account_for(const config::Command& command, const config::Globals& globals) {
    config::RunAs run_as = command.run_as.empty() ? globals.script_user : command.run_as;
    if (run_as.empty() && ::geteuid() == 0 && ::getpwnam(kScriptUser) != nullptr) run_as.user = kScriptUser;
    run_as.supplementary_groups = run_as.supplementary_groups || globals.supplementary_groups;
    return resolve(run_as);
}

common::Result<std::string> locate(const config::Command& command) {
    const std::string& name = command.argv.front();
    if (name.find('/') != name.npos) {
        if (executable(name)) return name;
        return common::fail("'" + name + "' is not an executable file", common::Side::config);
    }
    const char* path = std::getenv("PATH");
    for (std::string_view folder : common::split(path != nullptr ? path : kDefaultPath, ':')) {
        const std::string candidate = std::string(folder.empty() ? "." : folder) + "/" + name;
        if (executable(candidate)) return candidate;
    }
    return common::fail("'" + name + "' is not found in PATH", common::Side::config);
}

std::string unusable_part(const std::string& path, const Account& account) {
    if (account.is_root()) return {};  // the x bit that locate() asks for is enough
    const auto has_group = [&](gid_t group) {
        return account.gid == group || std::ranges::find(account.groups, group) != account.groups.end();
    };
    for (std::size_t end = 0; end != path.npos;) {
        end = path.find('/', end + 1);
        const std::string part = end == path.npos ? path : path.substr(0, end);
        struct stat info{};
        if (::stat(part.c_str(), &info) < 0) return "cannot look at " + part;
        const mode_t bit = info.st_uid == *account.uid ? S_IXUSR : has_group(info.st_gid) ? S_IXGRP : S_IXOTH;
        if ((info.st_mode & bit) == 0)
            return part + " is not executable for uid:gid " + std::to_string(*account.uid) + ":" +
                   std::to_string(account.gid.value_or(0));
    }
    return {};
}

std::string insecure_part(const std::string& path) {
    char* real = ::realpath(path.c_str(), nullptr);
    const std::string whole = real != nullptr ? real : path;
    std::free(real);
    for (std::size_t end = 0; end != whole.npos;) {
        end = whole.find('/', end + 1);
        const std::string part = end == whole.npos ? whole : whole.substr(0, end);
        struct stat info{};
        if (::stat(part.c_str(), &info) < 0) return "cannot look at " + part;
        const bool group_may = (info.st_mode & S_IWGRP) && info.st_gid != 0;
        const bool sticky_folder = S_ISDIR(info.st_mode) && (info.st_mode & S_ISVTX);
        const bool others_may = (info.st_mode & S_IWOTH) && !sticky_folder;
        if (info.st_uid != 0 || group_may || others_may)
            return part + " can be changed by users other than root";
    }
    return {};
}

ScriptTrouble script_trouble(const config::Command& command, const Account& account, bool script_security) {
    if (command.is_file_test()) return {};
    const auto path = locate(command);
    if (!path) return {path.error().text, false};
    if (std::string reason = unusable_part(*path, account); !reason.empty())
        return {std::move(reason), false};
    struct stat info{};
    const bool becomes_root = account.is_root() || (::stat(path->c_str(), &info) == 0 && info.st_uid == 0 &&
                                                    (info.st_mode & S_ISUID) != 0);
    if (!script_security || !becomes_root) return {};
    std::string reason = insecure_part(*path);
    return {reason, !reason.empty()};
}

}  // namespace vrrpd::engine
