// show events (management manual 9.3): the rings.
#include "proxyd/admin/commands.h"

namespace proxyd::admin {

namespace {

std::string list(std::span<const std::unique_ptr<observe::Ring>> rings) {
    constexpr std::size_t kNameWidth = 11;
    std::string text = "Supported events sinks are listed below. Add -w(wait), -n(new). Any key to stop\n";
    for (const auto& ring : rings) {
        std::string name = ring->settings().name;
        name.resize(std::max(name.size() + 1, kNameWidth), ' ');
        text += "    " + name + ": type=buffer, 0 dropped, " + ring->settings().description + "\n";
    }
    return text;
}

// What is there now. Those who want to see it grow ask again, or let a `server` line send it.
std::string show_events(const CommandCall& call) {
    const auto rings = call.context.view->logs->rings();
    if (call.argument(0).empty()) return list(rings);
    for (const auto& ring : rings) {
        if (ring->settings().name != call.argument(0)) continue;
        bool only_new = false;
        for (const std::string& option : call.arguments.subspan(1)) {
            if (option == "-w") return "Waiting is not possible on this socket: ask again.\n";
            if (option != "-n") return "unsupported option '" + option + "'\n";
            only_new = true;
        }
        std::string text;
        std::uint64_t missed = 0;
        if (!only_new)
            ring->read(0, missed, [&](std::string_view event) {
                text.append(event) += '\n';
                return true;
            });
        return text;
    }
    return "No such event sink\n";
}

constexpr CommandRow kRows[] = {
    {"show events", "[<sink>] [-n]", "show event sink state", Level::oper, show_events},
};

}  // namespace

std::span<const CommandRow> event_commands() {
    return kRows;
}

}  // namespace proxyd::admin
