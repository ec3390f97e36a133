// The table of runtime commands: one row and one function each.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "proxyd/admin/cli_input.h"
#include "proxyd/admin/view.h"

namespace proxyd::admin {

using Level = config::StatsSocket::Level;

// One operator's connection, as commands see it.
struct CliContext {
    const View* view = nullptr;
    Level level = Level::oper;
    bool prompt = false;  // stays open and prints "> "
    bool quit = false;    // asked to close
    bool expose_listeners = false;
    bool hand_over = false;  // `_getsocks` was accepted: the connection now belongs to the hand-over
    std::vector<std::string> sockets;  // lines of `show cli sockets`
    // `show events SINK -w`: the connection goes on with what is written to it from that event on.
    const observe::Ring* followed = nullptr;
    std::uint64_t follow_from = 0;
};

// Arguments after the words of the command's name.
struct CommandCall {
    CliContext& context;
    std::span<const std::string> arguments;
    std::string_view payload;

    std::string_view argument(std::size_t index) const {
        return index < arguments.size() ? std::string_view(arguments[index]) : std::string_view();
    }
};

struct CommandRow {
    std::string_view name;       // "set weight"
    std::string_view arguments;  // "<bk>/<srv> <w>"
    std::string_view help;
    Level level;                             // needed
    std::string (*run)(const CommandCall&);  // the answer; empty when there is nothing to say
};

std::span<const CommandRow> show_commands();
std::span<const CommandRow> server_commands();
std::span<const CommandRow> session_commands();
std::span<const CommandRow> pattern_commands();
std::span<const CommandRow> variable_commands();
std::span<const CommandRow> table_commands();
std::span<const CommandRow> cache_commands();
std::span<const CommandRow> peers_commands();
std::span<const CommandRow> event_commands();
std::span<const CommandRow> resolvers_commands();
std::vector<const CommandRow*> all_commands();

// Finds the row with the longest name that the words begin with and runs it; otherwise explains. The answer
// ends with a line end unless it is empty.
std::string run_command(CliContext& context, const Command& command);

// The list of `help`, for rows that `filter` accepts.
std::string help_text(Level level, std::span<const CommandRow* const> rows);

}  // namespace proxyd::admin
