// show events (management manual 9.3): the rings.
#include <algorithm>

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

// What is there now, and with -w what comes (the connection's part, cli_server.cpp).
std::string show_events(const CommandCall& call) {
    const auto rings = call.context.view->logs->rings();
    if (call.argument(0).empty()) return list(rings);
    const auto found = std::ranges::find_if(
        rings, [&](const auto& ring) { return ring->settings().name == call.argument(0); });
    if (found == rings.end()) return "No such event sink\n";
    const observe::Ring& ring = **found;
    bool only_new = false, wait = false;
    for (const std::string& option : call.arguments.subspan(1)) {
        if (option != "-w" && option != "-n" && option != "-wn" && option != "-nw")
            return "unsupported option '" + option + "'\n";
        wait |= option.contains('w');
        only_new |= option.contains('n');
    }
    std::string text;
    std::uint64_t next = only_new ? ring.end() : 0, missed = 0;
    if (!only_new)
        next = ring.read(0, missed, [&](std::string_view event) {
            text.append(event) += '\n';
            return true;
        });
    if (wait) {
        call.context.followed = &ring;
        call.context.follow_from = next;
    }
    return text;
}

constexpr CommandRow kRows[] = {
    {"show events", "[<sink>] [-w] [-n]", "show event sink state", Level::oper, show_events},
};

}  // namespace

std::span<const CommandRow> event_commands() {
    return kRows;
}

}  // namespace proxyd::admin
