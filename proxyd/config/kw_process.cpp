// global: process, user, threads, limits (configuration manual 3.1, 3.2, 3.3).
#include <unistd.h>

#include <thread>

#include "common/text.h"
#include "proxyd/config/arguments.h"
#include "proxyd/config/tables.h"
#include "proxyd/config/users.h"

namespace proxyd::config {
namespace {

constexpr long kMany = 1'000'000'000;
constexpr int kMaxThreads = 256;

void set_user(Reading& in, const Statement& line) {
    Global& global = in.model.global;
    const auto uid = find_user(line.argument(0));
    if (!uid) return in.error(line, "there is no user '" + line.argument(0) + "' on this machine");
    global.user = line.argument(0);
    global.uid = *uid;
}

void set_local_peer(Reading& in, const Statement& line) {
    if (!in.local_peer_given) in.local_peer = line.argument(0);
}

void set_group(Reading& in, const Statement& line) {
    Global& global = in.model.global;
    const auto gid = find_group(line.argument(0));
    if (!gid) return in.error(line, "there is no group '" + line.argument(0) + "' on this machine");
    global.group = line.argument(0);
    global.gid = *gid;
}

void set_control_socket(Reading& in, const Statement& line) {
    in.model.global.control_socket = line.argument(0);
    in.model.global.control_socket_where = line.where;
    if (!line.argument(0).starts_with('/')) in.error(line, "'control-socket' expects an absolute path");
}

void set_description(Reading& in, const Statement& line) {
    std::string& text = in.draft == nullptr ? in.model.global.description : in.proxy().description;
    text.clear();
    for (const std::string& word : line.arguments()) text += (text.empty() ? "" : " ") + word;
}

// Relative names in the files that follow; here they are all read at once, from the current folder.
void set_default_path(Reading& in, const Statement& line) {
    const std::string& how = line.argument(0);
    if (how == "current") return;
    if (how != "config" && how != "parent" && how != "origin")
        return in.error(line, "'default-path' expects current, config, parent or origin PATH");
    std::string folder(line.where.file.substr(0, line.where.file.find_last_of('/') + 1));
    if (how == "origin") {
        if (line.count() < 2) return in.error(line, "'default-path origin' expects a folder");
        folder = line.argument(1);
    } else if (how == "parent") {
        folder += "..";
    }
    if (!folder.empty() && ::chdir(folder.c_str()) != 0)
        in.error(line, "cannot change to the folder '" + folder + "' of 'default-path'");
}

// A name where a number belongs changes nothing, as in HAProxy.
template <int Global::* member>
void set_id(Reading& in, const Statement& line) {
    const std::string& text = line.argument(0);
    if (!text.empty() && text.find_first_of("0123456789") != std::string::npos)
        return global_number<member, 0, 0x7fffffff>(in, line);
    const bool group = line.words.front() == "gid";
    in.no_effect(line, "'" + line.words.front() + " " + text + "'",
                 std::string("it is no number; write '") + (group ? "group " : "user ") + text + "'");
}

void set_master_worker(Reading& in, const Statement& line) {
    if (line.count() > 0 && line.argument(0) != "no-exit-on-failure")
        return in.error(
            line, "'master-worker' expects nothing or 'no-exit-on-failure', not '" + line.argument(0) + "'");
    in.model.global.master_worker = !line.no;
    in.model.global.exit_on_failure = line.count() == 0;
}

void set_spread_checks(Reading& in, const Statement& line) {
    read_number(in, line, 0, 0, 50, in.model.global.spread_checks);
}

void set_max_spread_checks(Reading& in, const Statement& line) {
    read_duration(in, line, 0, in.model.global.max_spread_checks);
}

void allow_external_check(Reading& in, const Statement&) {
    in.model.global.external_check = true;
}
void keep_quiet(Reading&, const Statement&) {}

void set_processes(Reading& in, const Statement& line) {
    in.model.global.processes = true;
    global_number<&Global::threads, 1, kMaxThreads>(in, line);
}

template <common::Duration Global::* member>
void global_duration(Reading& in, const Statement& line) {
    read_duration(in, line, 0, in.model.global.*member);
}

void set_close_spread(Reading& in, const Statement& line) {
    if (line.argument(0) == "infinite")
        in.model.global.close_spread = common::Duration::max();
    else
        global_duration<&Global::close_spread>(in, line);
}

void pause_reading(Reading& in, const Statement& line) {
    common::Duration pause{0};
    if (read_duration(in, line, 0, pause)) std::this_thread::sleep_for(pause);
}

void set_dumpable(Reading& in, const Statement& line) {
    const std::string how = line.count() > 0 ? line.argument(0) : "on";
    if (how != "on" && how != "off" && how != "libs")
        return in.error(line, "'set-dumpable' expects on, off or libs, not '" + how + "'");
    in.model.global.dumpable = !line.no && how != "off";
}

template <std::optional<int> Global::* member>
void set_nice(Reading& in, const Statement& line) {
    int level = 0;
    if (read_number(in, line, 0, -20, 19, level)) in.model.global.*member = level;
}

constexpr std::string_view kNoCountersFile = "counters live in memory and begin at 0 with each process";
constexpr std::string_view kOneGroup = "all threads are of one group";

constexpr Keyword kKeywords[] = {
    works("chroot", kGlobal, 1, 1, global_text<&Global::chroot>, "<folder>",
          "the folder that becomes / after the start"),
    works("control-socket", kGlobal, 1, 1, set_control_socket, "<path>", "where vrrpd connects; ours"),
    works("daemon", kGlobal, 0, 0, global_flag<&Global::daemon>, "", "run in the background", kNo),
    works("default-path", kGlobal, 1, 2, set_default_path, "current|config|parent|origin <folder>",
          "where relative file names begin"),
    works("description", kGlobal | kOwnProxies, 0, -1, set_description, "<text>", "shown in statistics"),
    works("gid", kGlobal, 1, 1, set_id<&Global::gid>, "<number>", "group after the start"),
    works("group", kGlobal, 1, 1, set_group, "<name>", "group after the start"),
    works("hard-stop-after", kGlobal, 1, 1, global_duration<&Global::hard_stop_after>, "<time>",
          "longest soft stop"),
    works("master-worker", kGlobal, 0, 1, set_master_worker, "[no-exit-on-failure]",
          "a master process watches the worker", kNo),
    works("maxconn", kGlobal, 1, 1, global_number<&Global::maxconn, 0, kMany>, "<number>",
          "connections of the process"),
    removed("nbproc", kGlobal, 1, 1, set_processes, "<number>", "'nbthread N': it means threads here"),
    works("nbthread", kGlobal, 1, 1, global_number<&Global::threads, 1, kMaxThreads>, "<number>",
          "worker threads"),
    works("node", kGlobal, 1, 1, global_text<&Global::node>, "<name>", "this node's name in statistics"),
    works("pidfile", kGlobal, 1, 1, global_text<&Global::pidfile>, "<path>",
          "where the process id is written"),
    works("server-state-base", kGlobal, 1, 1, global_text<&Global::server_state_base>, "<folder>",
          "folder of server state files"),
    works("server-state-file", kGlobal, 1, 1, global_text<&Global::server_state_file>, "<file>",
          "state of all servers"),
    works("uid", kGlobal, 1, 1, set_id<&Global::uid>, "<number>", "user after the start"),
    works("ulimit-n", kGlobal, 1, 1, global_number<&Global::ulimit_n, 1, kMany>, "<number>",
          "descriptors of the process"),
    works("user", kGlobal, 1, 1, set_user, "<name>", "user after the start"),
    works("strict-limits", kGlobal, 0, 0, accept, "", "limits that cannot be set lower maxconn instead", kNo),
    works("expose-experimental-directives", kGlobal, 0, 0, accept, "", "nothing is hidden here"),
    works("expose-deprecated-directives", kGlobal, 0, 0, accept, "", "nothing is hidden here"),
    works("quiet", kGlobal, 0, 0, accept, "", "no messages at the start; use -q", kNo),
    inert("cluster-secret", kGlobal, "nothing here is keyed by it"),
    inert("debug", kGlobal, "use -d"),
    inert("dns-accept-family", kGlobal, "the system's resolver decides"),
    works("external-check", kGlobal, 0, 1, allow_external_check, "[preserve-env]",
          "programs may check servers"),
    works("fd-hard-limit", kGlobal, 1, 1, global_number<&Global::fd_hard_limit, 1, kMany>, "<number>",
          "descriptors at most where no maxconn says how many connections there are"),
    works("force-cfg-parser-pause", kGlobal, 1, 1, pause_reading, "<time>",
          "the reading of the configuration stops for so long here"),
    works("grace", kGlobal, 1, 1, global_duration<&Global::grace>, "<time>",
          "between the order to stop softly and the stop"),
    works("close-spread-time", kGlobal, 1, 1, set_close_spread, "<time>|infinite",
          "a soft stop ends connections little by little"),
    works("insecure-fork-wanted", kGlobal, 0, 0, keep_quiet, "",
          "nothing to allow: a helper process runs the programs"),
    inert("insecure-setuid-wanted", kGlobal, "workers never start processes"),
    works("localpeer", kGlobal, 1, 1, set_local_peer, "<name>",
          "what this process is called among peers; -L counts more"),
    works("mworker-max-reloads", kGlobal, 1, 1, global_number<&Global::most_reloads, 0, kMany>, "<number>",
          "a worker that is left over from more reloads is ended"),
    inert("nogetaddrinfo", kGlobal, "getaddrinfo is the only resolver"),
    works("set-dumpable", kGlobal, 0, 1, set_dumpable, "[on|off|libs]",
          "a crash leaves a core file in spite of the change of user", kNo),
    inert("shm-stats-file", kGlobal, kNoCountersFile),
    inert("shm-stats-file-max-objects", kGlobal, kNoCountersFile),
    works("spread-checks", kGlobal, 1, 1, set_spread_checks, "<0..50>",
          "percent by which the time between checks varies"),
    works("max-spread-checks", kGlobal, 1, 1, set_max_spread_checks, "<time>",
          "time until every server has had its first check"),
    inert("stats-file", kGlobal, kNoCountersFile),
    inert("thread-group", kGlobal, kOneGroup),
    inert("thread-groups", kGlobal, kOneGroup),
    works("thread-hard-limit", kGlobal, 1, 1, global_number<&Global::thread_hard_limit, 1, kMaxThreads>,
          "<number>", "threads at most, however many processors there are"),
    works("tune.renice.startup", kGlobal, 1, 1, set_nice<&Global::renice_startup>, "<-20..19>",
          "niceness while the configuration is loaded"),
    works("tune.renice.runtime", kGlobal, 1, 1, set_nice<&Global::renice_runtime>, "<-20..19>",
          "niceness when it serves"),
    works("zero-warning", kGlobal, 0, 0, global_flag<&Global::zero_warning>, "",
          "a configuration with warnings is refused, as by -dW"),
    inert("lua-load", kGlobal, kNoLua),
    inert("lua-load-per-thread", kGlobal, kNoLua),
    inert("lua-prepend-path", kGlobal, kNoLua),
    inert("51degrees-data-file", kGlobal, kNoDevices),
    inert("51degrees-cache-size", kGlobal, kNoDevices),
    inert("51degrees-property-name-list", kGlobal, kNoDevices),
    inert("51degrees-property-separator", kGlobal, kNoDevices),
    inert("51degrees-allow-unmatched", kGlobal, kNoDevices),
    inert("51degrees-difference", kGlobal, kNoDevices),
    inert("51degrees-drift", kGlobal, kNoDevices),
    inert("51degrees-use-performance-graph", kGlobal, kNoDevices),
    inert("51degrees-use-predictive-graph", kGlobal, kNoDevices),
    inert("deviceatlas-json-file", kGlobal, kNoDevices),
    inert("deviceatlas-log-level", kGlobal, kNoDevices),
    inert("deviceatlas-properties-cookie", kGlobal, kNoDevices),
    inert("deviceatlas-separator", kGlobal, kNoDevices),
    inert("wurfl-cache-size", kGlobal, kNoDevices),
    inert("wurfl-data-file", kGlobal, kNoDevices),
    inert("wurfl-information-list", kGlobal, kNoDevices),
    inert("wurfl-information-list-separator", kGlobal, kNoDevices),
    inert("wurfl-engine-mode", kGlobal, kNoDevices),
    inert("wurfl-patch-file", kGlobal, kNoDevices),
    inert("wurfl-useragent-priority", kGlobal, kNoDevices),
};

}  // namespace

std::span<const Keyword> process_keywords() {
    return kKeywords;
}

}  // namespace proxyd::config
