#include "proxyd/admin/commands.h"

#include <algorithm>

#include "common/text.h"
#include "proxyd/admin/show_info.h"
#include "test/unit/admin/admin_fixture.h"

using namespace proxyd;
using admin::Level;
using admin_test::Process;

TEST_CASE("answers to operators, word for word") {
    Process process;
    struct Row {
        const char* command;
        const char* answer;
    };
    for (const Row& row :
         {Row{"show version", "9.9\n"}, Row{"get weight be/s1", "10 (initial 10)\n"},
          Row{"set weight be/s1 50%", ""}, Row{"get weight be/s1", "5 (initial 10)\n"},
          Row{"set weight be/s1 300", "Absolute weight can only be between 0 and 256 inclusive.\n"},
          Row{"set weight be/s1 -5%", "Relative weight must be positive.\n"},
          Row{"set weight be/s1 x", "Weight must be a number between 0 and 256, or a percentage.\n"},
          Row{"set weight be/s1", "Require <weight> or <weight%>.\n"},
          Row{"get weight be/zz", "No such server.\n"}, Row{"get weight zz/s1", "No such backend.\n"},
          Row{"get weight be", "Require 'backend/server'.\n"},
          Row{"set server be/s1 state x", "'set server <srv> state' expects 'ready', 'drain' and 'maint'.\n"},
          Row{"set server be/s1 foo",
              "usage: set server <backend>/<server> addr | health | state | weight\n"},
          Row{"set server be/s1 addr 127.0.0.2 port 81",
              "127.0.0.1:18081 changed to 127.0.0.2:81 by 'stats socket command'\n"},
          Row{"set server be/s1 addr x", "Invalid addr family or address.\n"},
          Row{"show backend", "# name\nbe\ntcp\nnosrv\n"},
          Row{"show servers state zz", "Can't find backend.\n"}, Row{"show cli level", "admin\n"},
          Row{"show keeper", "no keeper is connected\n"}}) {
        INFO(row.command);
        CHECK(process.run(row.command) == row.answer);
    }
}

TEST_CASE("states and limits change what balancing sees") {
    Process process;
    auto& server = process.server("s3");
    CHECK(server.usable());
    CHECK(process.run("set server be/s3 state drain") == "");
    CHECK(server.admin == state::Admin::drain);
    CHECK_FALSE(server.usable());
    process.run("disable server be/s3");
    CHECK(server.admin == state::Admin::maintenance);
    CHECK(server.changed_ms > 0);
    process.run("enable server be/s3");
    CHECK(server.usable());
    process.run("set maxconn server be/s3 9");
    CHECK(server.maxconn == 9);
    process.run("set server be/s3 health down");
    CHECK(server.health == state::Health::down);
    process.run("set server be/s3 health up");
    CHECK(server.health == state::Health::no_check);
    process.run("set server be/s3 weight 0");
    CHECK_FALSE(server.usable());
}

TEST_CASE("taking the last server out takes the backend down") {
    Process process;
    auto& proxy =
        *process.state->proxies[static_cast<std::size_t>(process.model->find("tcp", false, true)->index)];
    proxy.changed_ms = 1;
    process.run("disable server tcp/t1");
    CHECK(proxy.changed_ms > 1);
    CHECK(process.run("show stat tcp 2 -1").find("tcp,BACKEND") != std::string::npos);
    CHECK(process.run("show stat tcp 2 -1").find(",DOWN,") != std::string::npos);
    proxy.changed_ms = proxy.changed_ms - 5000;
    process.run("enable server tcp/t1");
    CHECK(proxy.downtime_ms >= 5000);
    proxy.changed_ms = 1;
    process.run("set weight tcp/t1 0");
    CHECK(proxy.changed_ms > 1);
}

TEST_CASE("levels are checked, and only go down") {
    Process process;
    for (const char* command : {"set weight be/s1 1", "set server be/s1 state maint", "disable server be/s1",
                                "clear counters all", "set maxconn server be/s1 1", "_getsocks"}) {
        INFO(command);
        CHECK(process.run(command, Level::oper) == "Permission denied\n");
    }
    for (const char* command : {"show env", "show errors", "clear counters", "show cli sockets"}) {
        INFO(command);
        CHECK(process.run(command, Level::user) == "Permission denied\n");
        CHECK(process.run(command, Level::oper) != "Permission denied\n");
    }
    CHECK(process.server("s1").weight == 10);
    CHECK(process.run("operator; show cli level; admin; show cli level").starts_with("operator\n"));
    CHECK(process.run("user; operator; show cli level") == "user\n");
}

TEST_CASE("_getsocks needs an exposing socket and someone who hands over") {
    Process process;
    process.view.hand_over_sockets = [](int) {};
    admin::CliContext context;
    context.view = &process.view;
    context.level = Level::admin;
    CHECK(process.run("_getsocks", context) == "Permission denied\n");
    context.expose_listeners = true;
    CHECK(process.run("_getsocks", context) == "");
    CHECK(context.hand_over);
}

TEST_CASE("unknown commands are explained with the likely ones") {
    Process process;
    const std::string near = process.run("shwo info");
    CHECK(near.starts_with("Unknown command, but maybe one of the following ones is a better match:\n"));
    CHECK(near.find("  show info ") != std::string::npos);
    CHECK(process.run("show foo", Level::user).find("show env") == std::string::npos);  // not at this level
    CHECK(process.run("xyzzyxyzzy") == "Unknown command. Try 'help'.\n");
}

TEST_CASE("help lists what the level allows, one aligned line each") {
    Process process;
    const std::string help = process.run("help");
    CHECK(help.starts_with("The following commands are valid at this level:\n"));
    CHECK(help.find("  show servers state [<backend>]          : dump volatile server information\n") !=
          std::string::npos);
    CHECK(help.find("_getsocks") == std::string::npos);
    CHECK(process.run("help", Level::user).find("set weight") == std::string::npos);
    CHECK(process.run("help set").find("show info") == std::string::npos);
}

TEST_CASE("every command has its own name") {
    auto rows = admin::all_commands();
    std::ranges::sort(rows, {}, &admin::CommandRow::name);
    CHECK(std::ranges::adjacent_find(rows, {}, &admin::CommandRow::name) == rows.end());
}

TEST_CASE("show info has HAProxy's lines") {
    Process process;
    const std::string info = process.run("show info");
    for (const char* line :
         {"Name: HAProxy\n", "Version: 9.9\n", "Nbthread: 2\n", "Maxconn: 1000\n", "CurrConns: 0\n",
          "node: n1\n", "description: a <test> node\n", "Listeners: 3\n", "Stopping: 0\n"}) {
        INFO(line);
        CHECK(info.find(line) != std::string::npos);
    }
    CHECK(admin::info_rows().size() == 70);
}

TEST_CASE("server state is version 1 of HAProxy's format") {
    Process process;
    process.server("s1").health = state::Health::up;
    const std::string dump = process.run("show servers state be");
    const auto lines = common::split(dump, '\n');
    REQUIRE(lines.size() == 7);
    CHECK(lines[0] == "1");
    CHECK(lines[1].starts_with(
        "# be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_uweight "));
    const auto names = common::split(lines[1].substr(2), ' ');
    for (std::size_t i = 2; i < 6; ++i) CHECK(common::split(lines[i], ' ').size() == names.size());
    const auto s1 = common::split(lines[2], ' ');
    CHECK(s1[3] == "s1");
    CHECK(s1[4] == "127.0.0.1");
    CHECK(s1[5] == "2");
    CHECK(s1[7] == "10");
    CHECK(s1[18] == "18081");
    const auto s4 = common::split(lines[5], ' ');
    CHECK(s4[5] == "0");
    CHECK(s4[6] == "5");
}

TEST_CASE("clear counters forgets maxima only") {
    Process process;
    auto& server = process.server("s1");
    server.sessions.enter();
    server.sessions.enter();
    server.sessions.leave();
    server.counters.shard(0).sessions.add(2);
    process.run("clear counters", Level::oper);
    CHECK(server.sessions.max() == 1);
    CHECK(server.counters.shard(0).sessions.get() == 2);
}
