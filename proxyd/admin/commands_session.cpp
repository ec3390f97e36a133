// Commands about the operator's own connection.
#include <unistd.h>

#include <algorithm>

#include "proxyd/admin/commands.h"

namespace proxyd::admin {

namespace {

std::string_view level_name(Level level) {
    switch (level) {
        case Level::user:
            return "user";
        case Level::oper:
            return "operator";
        case Level::admin:
            return "admin";
    }
    return "user";
}

std::string help(const CommandCall& call) {
    std::vector<const CommandRow*> rows = all_commands();
    std::ranges::sort(rows, {}, &CommandRow::name);
    if (!call.arguments.empty()) {
        std::string wanted;
        for (const std::string& word : call.arguments) wanted += (wanted.empty() ? "" : " ") + word;
        std::erase_if(rows, [&](const CommandRow* row) { return !row->name.starts_with(wanted); });
        if (rows.empty()) return "No such command.\n";
    }
    return "The following commands are valid at this level:\n" + help_text(call.context.level, rows);
}

std::string prompt(const CommandCall& call) {
    call.context.prompt = !call.context.prompt;
    return {};
}

std::string quit(const CommandCall& call) {
    call.context.quit = true;
    return {};
}

template <Level To>
std::string lower_level(const CommandCall& call) {
    call.context.level = std::min(call.context.level, To);
    return {};
}

std::string show_level(const CommandCall& call) {
    return std::string(level_name(call.context.level)) + "\n";
}

std::string show_sockets(const CommandCall& call) {
    std::string text = "# socket lvl processes\n";
    for (const std::string& line : call.context.sockets) text += line + "\n";
    return text;
}

// Undocumented in HAProxy too: what a new process says to take over the listening sockets.
std::string get_sockets(const CommandCall& call) {
    if (!call.context.expose_listeners || !call.context.view->hand_over_sockets) return "Permission denied\n";
    call.context.hand_over = true;
    return {};
}

constexpr CommandRow kRows[] = {
    {"help", "[<command>]", "list matching or all commands", Level::user, help},
    {"prompt", "", "toggle interactive mode with prompt", Level::user, prompt},
    {"quit", "", "disconnect", Level::user, quit},
    {"user", "", "lower the level of this session to user", Level::user, lower_level<Level::user>},
    {"operator", "", "lower the level of this session to operator", Level::user, lower_level<Level::oper>},
    {"show cli level", "", "display the level of this session", Level::user, show_level},
    {"show cli sockets", "", "dump list of command sockets", Level::oper, show_sockets},
    {"_getsocks", "", "", Level::admin, get_sockets},
};

}  // namespace

std::span<const CommandRow> session_commands() {
    return kRows;
}

}  // namespace proxyd::admin
