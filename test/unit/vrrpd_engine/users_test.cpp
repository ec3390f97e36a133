#include "vrrpd/engine/users.h"

#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "test/support/temporary_folder.h"

using namespace vrrpd;
using namespace vrrpd::engine;

TEST_CASE("users and groups by name and by number") {
    CHECK_FALSE(resolve({})->uid);
    const auto root = resolve({"root", "", false});
    REQUIRE(root);
    CHECK((root->uid == 0u && root->gid == 0u && root->is_root()));
    const auto number = resolve({"54321", "12345", false});
    REQUIRE(number);
    CHECK((number->uid == 54321u && number->gid == 12345u && number->groups == std::vector<gid_t>{12345}));
    CHECK(resolve({"no-such-user", "", false}).error().text == "no such user 'no-such-user'");
    CHECK(resolve({"root", "no-such-group", false}).error().text == "no such group 'no-such-group'");
    CHECK(resolve({"-1", "", false}).error().text == "no such user '-1'");
}

TEST_CASE("the nearest setting says who a script runs as") {
    config::Globals globals;
    config::Command command;
    globals.script_user = {"1001", "", false};
    CHECK(account_for(command, globals)->uid == 1001u);
    command.run_as = {"1002", "", false};
    CHECK(account_for(command, globals)->uid == 1002u);
}

TEST_CASE("commands are files that can be executed") {
    config::Command command;
    command.argv = {"sh"};
    REQUIRE(locate(command));
    CHECK(locate(command)->ends_with("/sh"));
    command.argv = {"no-such-command"};
    CHECK(locate(command).error().text == "'no-such-command' is not found in PATH");
    command.argv = {"/etc/passwd"};
    CHECK(locate(command).error().text == "'/etc/passwd' is not an executable file");
    command.argv = {"/tmp"};
    CHECK_FALSE(locate(command));
}

TEST_CASE("a path that others may change is not safe for root") {
    if (::geteuid() != 0) return;
    const test::TemporaryFolder folder;
    const std::string script = folder / "chk.sh";
    std::ofstream(script) << "#!/bin/sh\n";
    ::chmod(folder.path().c_str(), 0755);
    ::chmod(script.c_str(), 0755);
    CHECK(insecure_part(script).empty());
    ::chmod(script.c_str(), 0757);
    CHECK(insecure_part(script) == script + " can be changed by users other than root");
    ::chmod(script.c_str(), 0755);
    ::chmod(folder.path().c_str(), 0777);
    CHECK(insecure_part(script) == folder.path().string() + " can be changed by users other than root");
    ::chmod(folder.path().c_str(), 0755);
    // The file behind a link counts, and who owns it.
    const std::string link = folder / "link";
    std::filesystem::create_symlink(script, link);
    REQUIRE(::chown(script.c_str(), 65534, 65534) == 0);
    CHECK(insecure_part(link) == script + " can be changed by users other than root");
    CHECK(insecure_part("/no/such/file") == "cannot look at /no");
}

TEST_CASE("a script that its user cannot execute, or that others may change, is not run") {
    if (::geteuid() != 0) return;
    const test::TemporaryFolder folder;
    config::Command command;
    const std::string script = folder / "chk.sh";
    command.argv = {script, "argument"};
    std::ofstream(script) << "#!/bin/sh\n";
    ::chmod(folder.path().c_str(), 0755);
    const Account root = *resolve({"0", "0", false}), other = *resolve({"54321", "12345", false});
    struct Case {
        mode_t mode;
        uid_t owner;
        gid_t group;
        const Account& account;
        bool security;
        const char* trouble;  // behind the path; empty: none
        bool insecure;
    };
    const std::string denied = " is not executable for uid:gid 54321:12345";
    const std::string open = " can be changed by users other than root";
    const Case cases[] = {
        {0755, 0, 0, root, true, "", false},
        {0757, 0, 0, root, true, open.c_str(), true},
        {0757, 0, 0, root, false, "", false},
        {0757, 0, 0, other, true, "", false},
        {0755, 54321, 0, root, true, open.c_str(), true},
        {0750, 0, 0, other, true, denied.c_str(), false},
        {0750, 0, 12345, other, true, "", false},
        {0700, 54321, 0, other, true, "", false},
        {0055, 54321, 0, other, true, denied.c_str(), false},  // the owner's bits count, not the others'
        {04757, 0, 0, other, true, open.c_str(), true},        // becomes root
    };
    for (const Case& one : cases) {
        INFO(std::oct << one.mode << std::dec << " of " << one.owner << " for " << *one.account.uid);
        REQUIRE(::chown(script.c_str(), one.owner, one.group) == 0);
        REQUIRE(::chmod(script.c_str(), one.mode) == 0);
        const ScriptTrouble trouble = script_trouble(command, one.account, one.security);
        CHECK(trouble.text == (*one.trouble ? script + one.trouble : ""));
        CHECK(trouble.insecure == one.insecure);
    }
    ::chmod(folder.path().c_str(), 0700);
    CHECK(script_trouble(command, other, true).text == folder.path().string() + denied);
    command.argv = {"</no/such/file"};
    CHECK(script_trouble(command, other, true).text.empty());  // whether it is there is the check itself
}
