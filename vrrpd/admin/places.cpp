#include "vrrpd/admin/places.h"

#include <cstdlib>

namespace vrrpd::admin {
namespace {

// "_NAME", or nothing.
std::string suffix(const config::Globals& globals) {
    const std::string name = own_name(globals);
    return name.empty() ? name : "_" + name;
}

}  // namespace

std::string own_name(const config::Globals& globals) {
    const bool both = !globals.namespace_name.empty() && !globals.instance_name.empty();
    return globals.namespace_name + (both ? "_" : "") + globals.instance_name;
}

std::string state_folder(const config::Globals& globals) {
    const std::string name = own_name(globals);
    return name.empty() ? kRunFolder : kRunFolder + ("/" + name);
}

std::string pid_path(const Options& options, const config::Globals& globals) {
    if (!options.pid_file.empty()) return options.pid_file;
    const std::string folder = globals.use_pid_dir ? kRunFolder : "/run";
    return folder + "/vrrpd" + suffix(globals) + ".pid";
}

std::string control_path(const config::Globals& globals) {
    const bool said = globals.control_socket != config::kDefaultControlSocket;
    return said || own_name(globals).empty() ? globals.control_socket : state_folder(globals) + "/vrrpd.sock";
}

std::string reload_mark_path(const Options& options, const config::Globals& globals) {
    if (!globals.reload_mark) return {};
    if (!globals.reload_mark_path.empty()) return globals.reload_mark_path;
    const std::string pid_file = pid_path(options, globals);
    return pid_file.substr(0, pid_file.rfind('/') + 1) + "keepalived.reload";
}

std::string dump_path(const config::Globals& globals, const std::string& configured, const char* extension) {
    if (!configured.empty()) return configured;
    const char* folder = std::getenv("TMPDIR");
    return std::string(folder != nullptr && *folder ? folder : "/tmp") + "/keepalived" +
           (globals.dumps.use_instance ? suffix(globals) : "") + "." + extension;
}

std::string log_ident(const config::Globals& globals) {
    return "vrrpd" + suffix(globals);
}

std::string process_name(const config::Globals& globals) {
    if (!globals.vrrp_process_name.empty()) return globals.vrrp_process_name;
    return globals.process_name.empty() ? "vrrpd" : globals.process_name;
}

}  // namespace vrrpd::admin
