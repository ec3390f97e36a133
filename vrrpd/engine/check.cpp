#include "vrrpd/engine/check.h"

#include <ifaddrs.h>

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

void check_command(const config::Command& command, const config::Globals& globals, const std::string& what,
                   Diagnostics& diagnostics) {
    if (!command) return;
    if (const auto path = locate(command); !path)
        diagnostics.warning(command.where, what + ": " + path.error().text);
    if (const auto account = account_for(command, globals); !account) {
        diagnostics.warning(command.where, what + ": " + account.error().text);
    }
}

}  // namespace

void check_node(const config::Config& config, Diagnostics& diagnostics) {
    const auto present = interfaces();
    for (const config::Instance& instance : config.instances) {
        const auto missing = [&](const std::string& interface, common::Location where) {
            if (present.contains(interface)) return;
            const std::string text = "interface '" + interface + "' does not exist";
            if (config.globals.dynamic_interfaces) {
                diagnostics.warning(where, text + " yet");
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
        const config::Notifications& notify = instance.notify;
        for (const config::Command* command : {&notify.master, &notify.backup, &notify.fault, &notify.stop,
                                               &notify.any, &notify.deleted, &notify.master_rx_lower_pri}) {
            check_command(*command, config.globals, "notify script", diagnostics);
        }
    }
    for (const config::Script& script : config.scripts) {
        check_command(script.command, config.globals, "vrrp_script " + script.name, diagnostics);
    }
}

}  // namespace vrrpd::engine
