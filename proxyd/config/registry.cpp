// Names every keyword table, and prints them all.
#include <algorithm>
#include <array>

#include "proxyd/config/absent_actions.h"
#include "proxyd/config/bind_line.h"
#include "proxyd/config/keywords.h"
#include "proxyd/config/section.h"
#include "proxyd/config/server_line.h"
#include "proxyd/config/tables.h"
#include "proxyd/rules/absent_samples.h"
#include "proxyd/rules/registry.h"
#include "proxyd/rules/rule_set.h"

namespace proxyd::config {
namespace {

std::string_view effect_name(Effect effect) {
    switch (effect) {
        case Effect::works:
            return "works";
        case Effect::silent:
            return "no effect";
        case Effect::none:
            return "no effect";
        case Effect::removed:
            return "removed";
        case Effect::refused:
            return "refused";
    }
    return {};
}

void print(std::string& out, std::string_view sections, std::string_view name, std::string_view usage,
           Effect effect, std::string_view text) {
    out.append(sections).append("\t").append(name);
    if (!usage.empty()) out.append(" ").append(usage);
    out.append("\t").append(effect_name(effect)).append("\t").append(text).append("\n");
}

template <class Target>
void print_words(std::string& out, std::string_view line, std::span<const WordRow<Target>> rows) {
    for (const auto& row : rows) print(out, line, row.name, row.usage, row.effect, row.text);
}

// Keywords of sections without effect are silent themselves; here the section speaks for them.
std::string_view reason(const Keyword& row) {
    if (row.effect != Effect::silent) return row.text;
    for (const SectionKind& kind : section_kinds())
        if ((kind.bit & row.where) != 0 && !kind.no_effect.empty()) return kind.no_effect;
    return {};
}

void print_actions(std::string& out) {
    for (std::size_t i = 0; i < rules::kPhases; ++i) {
        const auto phase = static_cast<rules::Phase>(i);
        const auto present = rules::RuleSet::actions(phase);
        for (const auto& row : present)
            print(out, rules::phase_name(phase), row.name, row.called ? "(<argument>) ..." : "...",
                  Effect::works, row.help);
        for (const AbsentAction& row : absent_actions())
            if (belongs_to(row, phase) &&
                std::ranges::find(present, row.name, &rules::ActionHelp::name) == present.end())
                print(out, rules::phase_name(phase), row.name, "...", row.effect, row.why);
    }
}

void print_samples(std::string& out) {
    for (const rules::FetchRow* row : rules::all_fetches())
        print(out, "fetch", row->name, "", Effect::works, row->help);
    for (const rules::ConverterRow* row : rules::all_converters())
        print(out, "converter", row->name, "", Effect::works, row->help);
    for (const rules::AbsentSample& row : rules::absent_samples())
        print(out, row.converter ? "converter" : "fetch", row.name, "", Effect::refused, row.why);
}

}  // namespace

std::span<const KeywordTable> keyword_tables() {
    static const std::array kTables{
        KeywordTable{"", process_keywords()},
        KeywordTable{"", environment_keywords()},
        KeywordTable{"", cpu_keywords()},
        KeywordTable{"", limit_keywords()},
        KeywordTable{"", tuning_keywords()},
        KeywordTable{"", http_tuning_keywords()},
        KeywordTable{"", socket_keywords()},
        KeywordTable{"", unix_bind_keywords()},
        KeywordTable{"", variable_keywords()},
        KeywordTable{"", tls_keywords()},
        KeywordTable{"", crt_store_keywords()},
        KeywordTable{"", httpclient_keywords()},
        KeywordTable{"stats", stats_socket_keywords()},
        KeywordTable{"", log_keywords()},
        KeywordTable{"", proxy_keywords()},
        KeywordTable{"timeout", timeout_keywords()},
        KeywordTable{"", old_timeout_keywords()},
        KeywordTable{"", keep_alive_keywords()},
        KeywordTable{"option", option_keywords()},
        KeywordTable{"option", header_option_keywords()},
        KeywordTable{"option", log_option_keywords()},
        KeywordTable{"option", check_option_keywords()},
        KeywordTable{"option", dialogue_option_keywords()},
        KeywordTable{"http-check", http_check_keywords()},
        KeywordTable{"tcp-check", tcp_check_keywords()},
        KeywordTable{"external-check", external_check_keywords()},
        KeywordTable{"", balance_keywords()},
        KeywordTable{"", server_keywords()},
        KeywordTable{"", persistence_keywords()},
        KeywordTable{"stick", stick_keywords()},
        KeywordTable{"", error_keywords()},
        KeywordTable{"", rule_keywords()},
        KeywordTable{"tcp-request", tcp_request_keywords()},
        KeywordTable{"tcp-response", tcp_response_keywords()},
        KeywordTable{"capture", capture_keywords()},
        KeywordTable{"declare", declare_keywords()},
        KeywordTable{"stats", stats_page_keywords()},
        KeywordTable{"", userlist_keywords()},
        KeywordTable{"", resolvers_keywords()},
        KeywordTable{"", cache_keywords()},
        KeywordTable{"", peers_keywords()},
        KeywordTable{"", mailers_keywords()},
        KeywordTable{"", ring_keywords()},
        KeywordTable{"", log_forward_keywords()},
        KeywordTable{"", fcgi_app_keywords()},
        KeywordTable{"option", fcgi_app_option_keywords()},
        KeywordTable{"", log_profile_keywords()},
        KeywordTable{"email-alert", mail_alert_keywords()},
        KeywordTable{"compression", compression_keywords()},
        KeywordTable{"", stick_table_keywords()},
        KeywordTable{"", program_keywords()},
        KeywordTable{"option", program_option_keywords()},
        KeywordTable{"", other_section_keywords()},
    };
    return kTables;
}

std::string keywords_text() {
    std::string out = "# where\tkeyword and arguments\teffect\thelp, reason or modern form\n";
    for (const SectionKind& kind : section_kinds())
        print(out, "section", kind.name, kind.naming == SectionName::required ? "<name>" : "",
              kind.no_effect.empty() ? Effect::works : Effect::none,
              kind.no_effect.empty() ? kind.help : kind.no_effect);
    for (const KeywordTable& table : keyword_tables())
        for (const Keyword& row : table.rows) {
            std::string name(table.prefix);
            if (!name.empty()) name += ' ';
            print(out, section_names(row.where), name.append(row.name), row.usage, row.effect, reason(row));
        }
    for (const auto table : {bind_words(), bind_crt_words(), bind_tls_words(), bind_algorithm_words()})
        print_words(out, "bind line", table);
    for (const auto table : {server_words(), server_check_words(), server_agent_words(), server_tls_words(),
                             server_algorithm_words(), server_inert_words()})
        print_words(out, "server line", table);
    print_actions(out);
    print_samples(out);
    return out;
}

}  // namespace proxyd::config
