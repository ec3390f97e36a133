#include "vrrpd/engine/check.h"

#include <ifaddrs.h>

#include <algorithm>
#include <set>

#include "vrrpd/engine/users.h"

namespace vrrpd::engine {
namespace {

using common::Diagnostics;

// Names of all interfaces. Leaves no descriptor open.
std::set<std::string, std::less<>> interfaces() {
    std::set<std::string, std::less<>> found;
    ifaddrs* list = nullptr;
    if (::getifaddrs(&list) < 0) return found;
    for (const ifaddrs* at = list; at != nullptr; at = at->ifa_next) found.insert(at->ifa_name);
    ::freeifaddrs(list);
    return found;
}

// What is run, with a name for it.
struct Run {
    const config::Command* command;
    std::string what;
};

std::vector<Run> commands_of(const config::Config& config) {
    std::vector<Run> out;
    for (const config::Instance& instance : config.instances) {
        for (const config::Command* command : config::commands_of(instance.notify))
            out.push_back({command, "notify script of " + instance.name});
    }
    for (const config::SyncGroup& group : config.sync_groups) {
        for (const config::Command* command : config::commands_of(group.notify))
            out.push_back({command, "notify script of " + group.name});
    }
    for (const config::Script& script : config.scripts)
        out.push_back({&script.command, "vrrp_script " + script.name});
    if (config.globals.startup_script) out.push_back({&config.globals.startup_script, "startup_script"});
    if (config.globals.shutdown_script) out.push_back({&config.globals.shutdown_script, "shutdown_script"});
    for (const config::Fifo* fifo : {&config.globals.fifo, &config.globals.vrrp_fifo}) {
        if (fifo->script) out.push_back({&fifo->script, "script of FIFO " + fifo->path});
    }
    return out;
}

ScriptTrouble trouble_of(const Run& run, const config::Globals& globals) {
    const auto account = account_for(*run.command, globals);
    if (!account) return {account.error().text, false};
    return script_trouble(*run.command, *account, globals.script_security);
}

}  // namespace

void check_node(const config::Config& config, Diagnostics& diagnostics) {
    const auto present = interfaces();
    for (const config::Instance& instance : config.instances) {
        const auto missing = [&](const std::string& interface, common::Location where) {
            if (present.contains(interface)) return;
            const std::string text = "interface '" + interface + "' does not exist";
            if (config.globals.dynamic_interfaces) {
                diagnostics.notice(where, text + " yet");
            } else {
                diagnostics.error(where, text);
            }
        };
        missing(instance.interface, instance.interface_where);
        for (const auto* list : {&instance.addresses, &instance.excluded_addresses}) {
            for (const config::AddressEntry& entry : *list) {
                if (!entry.device.empty()) missing(entry.device, entry.where);
            }
        }
        for (const config::Track& track : instance.tracks) {
            if (track.rule.kind != fsm::TrackKind::interface || present.contains(track.rule.name)) continue;
            diagnostics.warning(
                track.where, "tracked interface '" + track.rule.name + "' does not exist: it counts as down");
        }
    }
    for (const Run& run : commands_of(config)) {
        const ScriptTrouble trouble = trouble_of(run, config.globals);
        if (!trouble.text.empty())
            diagnostics.warning(run.command->where, run.what + " is not run: " + trouble.text);
    }
}

bool has_insecure_scripts(const config::Config& config) {
    return std::ranges::any_of(commands_of(config),
                               [&](const Run& run) { return trouble_of(run, config.globals).insecure; });
}

}  // namespace vrrpd::engine
