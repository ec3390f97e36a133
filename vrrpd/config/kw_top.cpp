// Words outside all blocks, and the blocks themselves.
#include <algorithm>

#include "vrrpd/config/keyword.h"
#include "vrrpd/config/lvs.h"

namespace vrrpd::config {
namespace {

// The block's own name ("VI_1"); empty after a complaint: the block is then skipped.
std::string block_name(Call& call, std::string_view wanted) {
    if (!call.has(1)) {
        call.warn("must have a name; the block is skipped");
        return {};
    }
    if (!call.statement().has_block) {
        call.warn("'{' is missing; ignored");
        return {};
    }
    if (call.count() > 1) call.warn(std::string(wanted) + " has one name: '" + call.word(2) + "' is ignored");
    return call.word(1);
}

template <class Item>
const std::string& name_of(const Item& item) {
    if constexpr (requires { item.out; })
        return item.out.name;
    else
        return item.name;
}

template <class Range>
bool is_taken(Call& call, const Range& range, const std::string& name) {
    const bool taken = std::ranges::any_of(range, [&](const auto& item) { return name_of(item) == name; });
    if (taken) call.warn("'" + name + "' is already defined; this block is skipped");
    return taken;
}

bool is_taken_interface(Call& entry, const std::vector<LinkDelay>& known) {
    const std::string& name = entry.statement().name();
    const bool taken = std::ranges::find(known, name, &LinkDelay::interface) != known.end();
    if (taken) entry.warn("stands here twice: this line is ignored");
    return taken;
}

void read_globals(Call& call, Draft& draft) {
    Globals& globals = draft.config.globals;
    apply_block(call.block(), "global_defs", draft, call.diagnostics(),
                Part<Globals>{global_keywords(), globals}, Part<Globals>{process_keywords(), globals});
}

void read_script(Call& call, Draft& draft) {
    const std::string name = block_name(call, "a script");
    if (name.empty() || is_taken(call, draft.config.scripts, name)) return;
    Script script;
    script.name = name;
    script.where = call.where();
    apply_block(call.block(), "vrrp_script '" + name + "'", draft, call.diagnostics(),
                Part<Script>{script_keywords(), script});
    if (!script.command) {
        call.warn("'" + name + "' has no script; the block is skipped");
        return;
    }
    draft.config.scripts.push_back(std::move(script));
}

void read_track_file(Call& call, Draft& draft) {
    const std::string name = block_name(call, "a track_file");
    if (name.empty() || is_taken(call, draft.config.track_files, name)) return;
    TrackFile file;
    file.name = name;
    file.where = call.where();
    apply_block(call.block(), "track_file '" + name + "'", draft, call.diagnostics(),
                Part<TrackFile>{track_file_keywords(), file});
    if (file.path.empty()) {
        call.warn("'" + name + "' has no file; the block is skipped");
        return;
    }
    draft.config.track_files.push_back(std::move(file));
}

void read_track_process(Call& call, Draft& draft) {
    const std::string name = block_name(call, "a vrrp_track_process");
    if (name.empty() || is_taken(call, draft.config.track_processes, name)) return;
    TrackProcess process;
    process.name = name;
    process.where = call.where();
    apply_block(call.block(), "vrrp_track_process '" + name + "'", draft, call.diagnostics(),
                Part<TrackProcess>{track_process_keywords(), process});
    if (process.argv.empty()) {
        call.warn("'" + name + "' has no process; the block is skipped");
        return;
    }
    if (process.quorum > process.quorum_max && process.quorum_max > 0) {
        call.warn("'" + name + "': quorum is greater than quorum_max: the block is skipped");
        return;
    }
    if (process.quorum_max == 0) process.quorum = 0;  // it must not run at all
    draft.config.track_processes.push_back(std::move(process));
}

// The sessions themselves are some BFD daemon's business; the warning at track_bfd says what follows.
void refuse_bfd(Call& call, Draft&) {
    call.warn("BFD is not served: '" + (call.has(1) ? call.word(1) : "") + "' sends and answers nothing");
}

void read_instance(Call& call, Draft& draft) {
    const std::string name = block_name(call, "an instance");
    if (name.empty() || is_taken(call, draft.instances, name)) return;
    InstanceDraft instance;
    instance.out.name = name;
    instance.out.where = call.where();
    apply_block(call.block(), "vrrp_instance '" + name + "'", draft, call.diagnostics(),
                Part<InstanceDraft>{instance_keywords(), instance},
                Part<TrackDraft>{track_keywords(), instance.tracks},
                Part<Notifications>{notify_keywords(), instance.out.notify});
    draft.instances.push_back(std::move(instance));
}

void read_sync_group(Call& call, Draft& draft) {
    const std::string name = block_name(call, "a group");
    if (name.empty() || is_taken(call, draft.sync_groups, name)) return;
    SyncGroupDraft group;
    group.out.name = name;
    group.out.where = call.where();
    apply_block(call.block(), "vrrp_sync_group '" + name + "'", draft, call.diagnostics(),
                Part<SyncGroup>{sync_group_keywords(), group.out},
                Part<TrackDraft>{track_keywords(), group.tracks},
                Part<Notifications>{notify_keywords(), group.out.notify});
    draft.sync_groups.push_back(std::move(group));
}

void read_garp_group(Call& call, Draft& draft) {
    GarpGroup group;
    group.where = call.where();
    apply_block(call.block(), "garp_group", draft, call.diagnostics(),
                Part<GarpGroup>{garp_group_keywords(), group});
    if (group.interfaces.empty()) return call.warn("names no interface; ignored");
    draft.config.garp_groups.push_back(std::move(group));
}

void read_track_group(Call& call, Draft& draft) {
    const std::string name = block_name(call, "a group");
    if (name.empty() || is_taken(call, draft.config.track_groups, name)) return;
    TrackGroup group;
    group.name = name;
    group.where = call.where();
    apply_block(call.block(), "track_group '" + name + "'", draft, call.diagnostics(),
                Part<TrackGroup>{track_group_keywords(), group});
    draft.config.track_groups.push_back(std::move(group));
}

// IF DOWN [UP]: where UP is missing keepalived waits for nothing, though its manual says DOWN.
void read_link_delays(Call& call, Draft& draft) {
    constexpr double kMost = 255;
    for (const Statement& line : call.block()) {
        Call entry(line, draft, call.diagnostics());
        LinkDelay delay{line.name(), {}, {}, line.where};
        delay.down = entry.seconds(0, kMost, 1).value_or(Duration{});
        if (entry.has(2)) delay.up = entry.seconds(0, kMost, 2).value_or(Duration{});
        if (!is_taken_interface(entry, draft.config.link_delays)) draft.config.link_delays.push_back(delay);
    }
}

void read_static_addresses(Call& call, Draft& draft) {
    for (const Statement& line : call.block()) {
        auto entry = read_address_entry(line, call.diagnostics());
        if (entry) draft.config.static_addresses.push_back(std::move(*entry));
    }
}

void read_static_routes(Call& call, Draft& draft) {
    for (const Statement& line : call.block()) {
        auto route = read_route(line, call.diagnostics());
        if (route) draft.config.static_routes.push_back(std::move(*route));
    }
}

void read_static_rules(Call& call, Draft& draft) {
    for (const Statement& line : call.block()) {
        auto rule = read_rule(line, draft.unnumbered_rules, call.diagnostics());
        if (rule) draft.config.static_rules.push_back(std::move(*rule));
    }
}

void read_namespace(Call& call, Draft& draft) {
    auto name = call.text();
    if (!name) return;
    draft.config.globals.namespace_name = std::move(*name);
    draft.config.globals.namespace_where = call.where();
}

void read_instance_name(Call& call, Draft& draft) {
    auto name = call.text();
    if (!name) return;
    if (name->find('/') != name->npos) return call.warn("'" + *name + "' has a '/': ignored");
    draft.config.globals.instance_name = std::move(*name);
}

constexpr Keyword<Draft> kKeywords[] = {
    {"global_defs", read_globals, Effect::full, "{ ... }: settings of the whole node"},
    {"vrrp_script", read_script, Effect::full, "NAME { ... }: a check that instances may track"},
    {"vrrp_instance", read_instance, Effect::full, "NAME { ... }: a virtual router"},
    {"vrrp_sync_group", read_sync_group, Effect::full, "NAME { ... }: instances that move together"},
    {"static_ipaddress", read_static_addresses, Effect::full, "{ ADDR... }: set while vrrpd runs"},
    {"static_routes", read_static_routes, Effect::full, "{ ROUTE... }: set while vrrpd runs"},
    {"static_rules", read_static_rules, Effect::full, "{ RULE... }: set while vrrpd runs"},
    {"track_group", read_track_group, Effect::full,
     "NAME { group { INSTANCE... } }: in FAULT while a static address, route or rule of the group is "
     "missing"},
    {"track_file", read_track_file, Effect::full,
     "NAME { ... }: a number in a file that instances may track"},
    {"vrrp_track_file", read_track_file, Effect::full, "NAME { ... }: old name of track_file"},
    {"vrrp_track_process", read_track_process, Effect::full,
     "NAME { ... }: processes that instances may track"},
    {"bfd_instance", refuse_bfd, Effect::refused, "NAME { ... }: bidirectional forwarding detection"},
    {"garp_group", read_garp_group, Effect::full,
     "{ garp_interval, gna_interval, interfaces }: they share one pace"},
    {"interface_up_down_delays", read_link_delays, Effect::full,
     "{ IF DOWN [UP] }: SECONDS that a change of its state must last; UP default 0"},
    {"net_namespace", read_namespace, Effect::full,
     "NAME of the network namespace to run in, made by 'ip netns add'; option -s goes first"},
    {"net_namespace_ipvs", nullptr, Effect::lvs, "[NAME]"},
    {"namespace_with_ipsets", nullptr, Effect::internal, "only kernels before 3.13 need it"},
    {"instance", read_instance_name, Effect::full,
     "NAME (also ${_INSTANCE}) of this process among several on a node: in its pid file, sockets, saved "
     "state"},
    {"use_pid_dir", [](Call&, Draft& d) { d.config.globals.use_pid_dir = true; }, Effect::full,
     "pid file below /run/vrrpd/"},
    {"child_wait_time", nullptr, Effect::internal, "there are no children to wait for at the end"},
    {"linkbeat_use_polling", nullptr, Effect::refused,
     "interfaces are not polled: the state is what drivers tell the kernel, as all of today do"},
    {"linkbeat_interfaces", nullptr, Effect::refused,
     "interfaces are not polled: the state is what drivers tell the kernel, as all of today do"},
    {"virtual_server", read_virtual_server, Effect::checked,
     "ADDR [PORT] | fwmark N | group NAME { ... }: checked, and one warning says that proxyd balances"},
    {"virtual_server_group", read_virtual_server_group, Effect::checked,
     "NAME { ADDR [PORT]... fwmark N... }"},
    {"SSL", read_ssl, Effect::checked, "{ ... }: of SSL_GET"},
};

}  // namespace

std::span<const Keyword<Draft>> top_keywords() {
    return kKeywords;
}

}  // namespace vrrpd::config
