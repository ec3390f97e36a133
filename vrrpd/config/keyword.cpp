#include "vrrpd/config/keyword.h"

#include <initializer_list>

#include "vrrpd/config/load.h"
#include "vrrpd/config/lvs.h"

namespace vrrpd::config {
namespace {

void add_line(std::string& out, std::initializer_list<std::string_view> fields) {
    bool first = true;
    for (const std::string_view field : fields) {
        if (!first) out += '\t';
        out += field;
        first = false;
    }
    out += '\n';
}

template <class Target>
void list(std::string& out, std::string_view block, std::span<const Keyword<Target>> table) {
    for (const Keyword<Target>& row : table)
        add_line(out, {block, row.name, effect_text(row.effect), row.help});
}

template <class Entry>
void list(std::string& out, std::string_view block, std::span<const WordRow<Entry>> table) {
    for (const WordRow<Entry>& row : table)
        add_line(out, {block, row.name, effect_text(Effect::full), row.help});
}

}  // namespace

std::string_view effect_text(Effect effect) {
    switch (effect) {
        case Effect::full:
            return "served";
        case Effect::internal:
            return "not needed";
        case Effect::lvs:
        case Effect::checked:
        case Effect::refused:
            return "not served";
    }
    return {};
}

void report_unknown(Call& call, std::string_view block, std::span<const std::string_view> names) {
    const std::string& name = call.statement().name();
    call.diagnostics().warning(call.where(), "unknown keyword '" + name + "' in " + std::string(block) +
                                                 ": skipped" +
                                                 (call.statement().has_block ? " with its block" : "") +
                                                 common::did_you_mean(name, names));
}

void report_without_effect(Call& call, Effect effect, std::string_view why) {
    switch (effect) {
        case Effect::full:
        case Effect::checked:
            return;
        case Effect::refused:
            return call.warn("not served: " + std::string(why));
        case Effect::internal:
            return call.note("has no effect: " + std::string(why));
        case Effect::lvs:
            return call.warn("not served: balancing is proxyd's part, see haproxy.cfg");
    }
}

std::string keyword_reference() {
    std::string out;
    list(out, "top level", top_keywords());
    list(out, "global_defs", global_keywords());
    list(out, "global_defs", process_keywords());
    list(out, "vrrp_script", script_keywords());
    list(out, "track_file", track_file_keywords());
    list(out, "vrrp_track_process", track_process_keywords());
    list(out, "vrrp_instance", instance_keywords());
    list(out, "vrrp_instance", track_keywords());
    list(out, "vrrp_instance", notify_keywords());
    list(out, "vrrp_sync_group", sync_group_keywords());
    list(out, "vrrp_sync_group", track_keywords());
    list(out, "vrrp_sync_group", notify_keywords());
    list(out, "garp_group", garp_group_keywords());
    list(out, "track_group", track_group_keywords());
    list(out, "virtual_server", virtual_server_keywords());
    list(out, "virtual_server", server_keywords());
    list(out, "virtual_server", pacing_keywords());
    list(out, "real_server", real_server_keywords());
    list(out, "real_server", server_keywords());
    list(out, "real_server", pacing_keywords());
    list(out, "real_server", check_keywords());
    for (const CheckBlock& block : check_blocks()) list(out, block.name, block.own);
    list(out, "checks that connect", connection_keywords());
    list(out, "SSL", ssl_keywords());
    list(out, "address entry", address_entry_words());
    list(out, "route entry", route_words());
    list(out, "rule entry", rule_words());
    return out;
}

}  // namespace vrrpd::config
