// Keyword tables: one row is a name, a function and a line of help. Unknown words, "did you mean" and
// --keywords come from the same rows.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/keyword_table.h"
#include "vrrpd/config/call.h"
#include "vrrpd/config/entry_words.h"

namespace vrrpd::config {

enum class Effect : unsigned char {
    full,
    internal,  // tunes something inside keepalived that vrrpd does not have: noted, nobody misses anything
    lvs,       // kernel load balancing, which this system leaves to proxyd
    checked,   // inside a block that is `lvs`: its arguments are checked, the block's warning says the rest
    refused,   // somebody may miss it: warned of, by its function where there is one
};

template <class Target>
struct Keyword {
    std::string_view name;
    void (*apply)(Call&, Target&) = nullptr;
    Effect effect = Effect::full;
    std::string_view help;  // of `internal`, and of `refused` without a function: why it has no effect
};

std::string_view effect_text(Effect effect);
void report_unknown(Call& call, std::string_view block, std::span<const std::string_view> names);
void report_without_effect(Call& call, Effect effect, std::string_view why);

// A table and what its functions fill.
template <class Target>
struct Part {
    std::span<const Keyword<Target>> table;
    Target& target;

    bool apply(Call& call) const {
        const Keyword<Target>* row = common::find_row(table, call.statement().name());
        if (!row) return false;
        if (!row->apply) report_without_effect(call, row->effect, row->help);
        if (row->apply) row->apply(call, target);
        return true;
    }
    void add_names(std::vector<std::string_view>& names) const {
        for (const Keyword<Target>& row : table) names.push_back(row.name);
    }
};

// Runs the row of each statement of a block; `name` is the block's, for complaints.
template <class... Targets>
void apply_block(const std::vector<Statement>& statements, std::string_view name, Draft& draft,
                 common::Diagnostics& diagnostics, const Part<Targets>&... parts) {
    for (const Statement& statement : statements) {
        if (too_many_complaints(statement.where, diagnostics)) return;
        Call call(statement, draft, diagnostics);
        if ((parts.apply(call) || ...)) continue;
        std::vector<std::string_view> names;
        (parts.add_names(names), ...);
        report_unknown(call, name, names);
    }
}

// The tables, one file each.
std::span<const Keyword<Draft>> top_keywords();       // kw_top.cpp
std::span<const Keyword<Globals>> global_keywords();  // kw_global.cpp
std::span<const Keyword<Globals>>
process_keywords();  // kw_process.cpp: global_defs about processes and other services
std::span<const Keyword<InstanceDraft>> instance_keywords();      // kw_instance.cpp
std::span<const Keyword<Notifications>> notify_keywords();        // kw_notify.cpp: in instances and groups
std::span<const Keyword<TrackDraft>> track_keywords();            // kw_track.cpp: in instances and groups
std::span<const Keyword<Script>> script_keywords();               // kw_script.cpp
std::span<const Keyword<TrackFile>> track_file_keywords();        // kw_track_file.cpp
std::span<const Keyword<TrackProcess>> track_process_keywords();  // kw_track_process.cpp
std::span<const Keyword<SyncGroup>> sync_group_keywords();        // kw_sync_group.cpp
std::span<const Keyword<GarpGroup>> garp_group_keywords();        // kw_garp_group.cpp
std::span<const Keyword<TrackGroup>> track_group_keywords();      // kw_track_group.cpp

// Words of the lists' entries, and one line of each; empty after a complaint.
std::span<const WordRow<AddressEntry>> address_entry_words();  // kw_address.cpp
std::optional<AddressEntry> read_address_entry(const Statement& statement, common::Diagnostics& diagnostics);

struct RouteDraft;
std::span<const WordRow<RouteDraft>> route_words();  // kw_route.cpp
std::optional<RouteEntry> read_route(const Statement& statement, common::Diagnostics& diagnostics);

struct RuleDraft;
std::span<const WordRow<RuleDraft>> rule_words();  // kw_rule.cpp
// `unnumbered`: how many rules without preference there were.
std::optional<RuleEntry> read_rule(const Statement& statement, std::uint32_t& unnumbered,
                                   common::Diagnostics& diagnostics);

}  // namespace vrrpd::config
