// show resolvers, and show stat of their domain (management manual 9.3).
#include "proxyd/admin/commands.h"
#include "proxyd/upstream/dns_counters.h"

namespace proxyd::admin {

namespace {

constexpr std::size_t kNumberColumn = 13;

std::string section_text(const upstream::ResolversView& section) {
    std::string text = "Resolvers section " + section.name + "\n";
    for (const auto& server : section.nameservers) {
        text += " nameserver " + server.name + ":\n";
        for (const upstream::DnsCounterRow& row : upstream::kDnsCounters) {
            std::string line = "  " + std::string(row.name) + ":";
            line.resize(kNumberColumn + 2, ' ');
            text += line + std::to_string(server.counters->*row.counter) + "\n";
        }
    }
    return text;
}

std::vector<upstream::ResolversView> sections(const CommandCall& call) {
    const auto& view = call.context.view->resolvers;
    return view ? view() : std::vector<upstream::ResolversView>();
}

std::string show_resolvers(const CommandCall& call) {
    std::string text;
    for (const auto& section : sections(call))
        if (call.argument(0).empty() || section.name == call.argument(0)) text += section_text(section);
    if (text.empty() && !call.argument(0).empty()) return "Can't find that resolvers section\n";
    return text;
}

std::string show_stat_resolvers(const CommandCall& call) {
    std::string text = "# id,pid,";
    for (const upstream::DnsCounterRow& row : upstream::kDnsCounters) text.append(row.column) += ',';
    text += '\n';
    for (const auto& section : sections(call))
        for (const auto& server : section.nameservers) {
            text += server.name + "," + section.name + ",";
            for (const upstream::DnsCounterRow& row : upstream::kDnsCounters)
                text += std::to_string(server.counters->*row.counter) + ",";
            text += '\n';
        }
    return text;
}

constexpr CommandRow kRows[] = {
    {"show resolvers", "[<id>]", "dumps counters from all resolvers section and associated name servers",
     Level::user, show_resolvers},
    {"show stat domain resolvers", "", "the same as a table", Level::user, show_stat_resolvers},
};

}  // namespace

std::span<const CommandRow> resolvers_commands() {
    return kRows;
}

}  // namespace proxyd::admin
