#include "proxyd/config/rule_order.h"

namespace proxyd::config {

namespace {

constexpr std::array<std::string_view, kRuleKinds> kNames{"tcp-request connection",
                                                          "tcp-request session",
                                                          "tcp-request content",
                                                          "monitor fail",
                                                          "http-request",
                                                          "redirect",
                                                          "use_backend",
                                                          "use-server"};

}  // namespace

void note_rule(Reading& in, const Statement& line, RuleKind kind) {
    auto& lines = in.draft->rule_lines;
    const auto own = static_cast<std::size_t>(kind);
    for (std::size_t later = own + 1; later < kRuleKinds; ++later) {
        if (lines[later] == 0) continue;
        in.warning(line, "this '" + std::string(kNames[own]) + "' rule runs before the '" +
                             std::string(kNames[later]) + "' of line " + std::to_string(lines[later]) +
                             ", though it stands after it");
        break;
    }
    lines[own] = line.where.line;
}

void note_reach(Reading& in, const Statement& line, const rules::RuleSet& set) {
    if (set.decided())
        in.warning(line, "this '" + line.words.front() +
                             "' rule is never reached: the one before it decides without a condition");
}

void name_own_table(Reading& in, std::size_t mentions_before) {
    auto& mentions = in.model.catalogue->mentions;
    for (std::size_t i = mentions_before; i < mentions.size(); ++i)
        if (mentions[i].backend.empty() && mentions[i].keyword.starts_with("track-sc") && !in.in_defaults())
            mentions[i].backend = in.draft->name;
}

}  // namespace proxyd::config
