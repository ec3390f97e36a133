// Commands that only look.
#include <unistd.h>

#include <chrono>

#include "common/text.h"
#include "proxyd/admin/commands.h"
#include "proxyd/admin/server_state_dump.h"
#include "proxyd/admin/show_info.h"
#include "proxyd/admin/stat_columns.h"
#include "proxyd/rules/logs/date.h"

namespace proxyd::admin {

namespace {

std::string answer(common::Result<std::string> result) {
    return result ? *std::move(result) : result.error().text + "\n";
}

std::string show_info(const CommandCall& call) {
    if (!call.argument(0).empty())
        return "'show info' takes no format here: only the plain one is supported.\n";
    return render_info(*call.context.view);
}

// show stat [<iid>|<proxy>] [<type> [<sid>]]
std::string show_stat(const CommandCall& call) {
    StatFilter filter;
    if (!call.arguments.empty()) {
        constexpr std::int64_t kMost = 1'000'000'000;
        const auto proxy = common::parse_number(call.argument(0), -1, kMost);
        if (proxy) {
            filter.proxy_id = static_cast<int>(*proxy);
        } else if (call.context.view->model->find(call.argument(0), true, true) != nullptr ||
                   call.context.view->model->find(call.argument(0), false, true) != nullptr ||
                   call.context.view->model->find(call.argument(0), true, false) != nullptr) {
            filter.proxy_name = call.argument(0);
        } else {
            return "No such proxy.\n";
        }
        if (call.arguments.size() > 3) return "usage: show stat [<iid>|<proxy>] [<type> [<sid>]]\n";
        const auto type =
            common::parse_number(call.arguments.size() > 1 ? call.argument(1) : "-1", -1, kMost);
        const auto id = common::parse_number(call.arguments.size() > 2 ? call.argument(2) : "-1", -1, kMost);
        if (!type || !id) return "usage: show stat [<iid>|<proxy>] [<type> [<sid>]]\n";
        filter.types = static_cast<int>(*type);
        filter.id = static_cast<int>(*id);
    }
    return render_csv(*call.context.view, filter);
}

std::string show_servers_state(const CommandCall& call) {
    return answer(dump_server_state(*call.context.view, call.argument(0)));
}

std::string show_servers_conn(const CommandCall& call) {
    return answer(dump_server_connections(*call.context.view, call.argument(0)));
}

std::string show_backend(const CommandCall& call) {
    std::string text = "# name\n";
    for (const auto& proxy : call.context.view->model->proxies) {
        if (proxy->is_backend) text += proxy->name + "\n";
    }
    return text;
}

std::string show_errors(const CommandCall&) {
    using namespace std::chrono;
    const std::int64_t us = duration_cast<microseconds>(system_clock::now().time_since_epoch()).count();
    const std::string milliseconds = std::to_string(1000 + us / 1000 % 1000).substr(1);
    return "Total events captured on [" + std::string(rules::log_date(us, rules::Zone::local)) + "." +
           milliseconds + "] : 0\n";
}

std::string show_env(const CommandCall& call) {
    const std::string wanted = call.arguments.empty() ? "" : std::string(call.argument(0)) + "=";
    std::string text;
    for (char** variable = environ; variable != nullptr && *variable != nullptr; ++variable) {
        if (std::string_view(*variable).starts_with(wanted)) text += std::string(*variable) + "\n";
    }
    return text.empty() ? "Variable not found\n" : text;
}

std::string show_version(const CommandCall& call) {
    return call.context.view->release + "\n";
}

// What the keeper said last: which instances this node holds.
std::string show_keeper(const CommandCall& call) {
    const auto& role = call.context.view->keeper_role;
    const std::string text = role ? role() : std::string();
    return text.empty() ? "no keeper is connected\n" : text + (text.ends_with('\n') ? "" : "\n");
}

constexpr CommandRow kRows[] = {
    {"show info", "", "report information about the running process", Level::user, show_info},
    {"show stat", "[<iid>|<proxy>] [<type> [<sid>]]", "report counters for each proxy and server",
     Level::user, show_stat},
    {"show servers state", "[<backend>]", "dump volatile server information", Level::user,
     show_servers_state},
    {"show servers conn", "[<backend>]", "dump server connections status", Level::user, show_servers_conn},
    {"show backend", "", "list backends in the current running config", Level::user, show_backend},
    {"show errors", "", "report last request and/or response errors", Level::oper, show_errors},
    {"show env", "[<var>]", "dump environment variables known to the process", Level::oper, show_env},
    {"show version", "", "report the version", Level::user, show_version},
    {"show keeper", "", "report the role that vrrpd told last", Level::user, show_keeper},
};

}  // namespace

std::span<const CommandRow> show_commands() {
    return kRows;
}

}  // namespace proxyd::admin
