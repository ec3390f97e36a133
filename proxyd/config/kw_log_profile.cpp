// `log-profile` sections and `log-steps` (configuration manual of HAProxy 3.1, 8.3.5 and 4.2).
#include <algorithm>

#include "common/keyword_table.h"
#include "common/text.h"
#include "proxyd/config/arguments.h"
#include "proxyd/config/log_sections.h"
#include "proxyd/config/tables.h"
#include "proxyd/rules/log_profile.h"

namespace proxyd::config {
namespace {

using rules::LogProfile;
using rules::LogStepRow;

constexpr std::span<const LogStepRow> kSteps(rules::kLogStepRows);

LogProfile& profile_of(Reading& in, const std::string& name) {
    auto& profile = in.model.catalogue->log_profiles[name];
    if (profile == nullptr) profile = std::make_shared<LogProfile>();
    profile->name = name;
    return *profile;
}

void set_tag(Reading& in, const Statement& line) {
    profile_of(in, in.section_name).tag = line.argument(0);
}

// The word behind `format` or `sd`. False after a complaint.
bool read_format(Reading& in, const Statement& line, std::size_t at, rules::LogFormat& out) {
    if (at >= line.count())
        return in.error(line, "'on': '" + line.argument(at - 1) + "' expects a text"), false;
    const auto format = rules::LogFormat::compile(line.argument(at), rules::LogUse::log,
                                                  in.model.catalogue.get(), rules::kAtLog);
    if (!format) return in.error(line, format.error()), false;
    out = *format;
    return true;
}

// on <step> [drop] [format <text>] [sd <text>]
void set_step(Reading& in, const Statement& line) {
    const LogStepRow* row = common::find_row(kSteps, line.argument(0));
    if (row == nullptr)
        return in.error(line, "'on': unknown step '" + line.argument(0) + "'" +
                                  common::did_you_mean(line.argument(0), common::row_names(kSteps)));
    LogProfile::On& on = profile_of(in, in.section_name).steps[static_cast<std::size_t>(row->step)];
    on = {};
    on.where = line.where;
    for (std::size_t i = 1; i < line.count(); ++i) {
        const std::string& word = line.argument(i);
        if (word == "drop") {
            on.drop = true;
        } else if (word == "format") {
            on.has_format = read_format(in, line, ++i, on.format);
        } else if (word == "sd") {
            on.has_data = read_format(in, line, ++i, on.data);
        } else {
            return in.error(line, "'on': unknown word '" + word + "' (drop, format or sd)");
        }
    }
}

// log-steps all | <step>[,<step>...]
void set_steps(Reading& in, const Statement& line) {
    unsigned steps = 0;
    for (const std::string_view name : common::split(line.argument(0), ',')) {
        const LogStepRow* row = common::find_row(kSteps, name);
        if (name == "all") {
            for (const LogStepRow& each : kSteps)
                if (each.selectable) steps |= 1U << static_cast<unsigned>(each.step);
        } else if (row != nullptr && row->selectable) {
            steps |= 1U << static_cast<unsigned>(row->step);
        } else {
            return in.error(line, "'log-steps': unknown step '" + std::string(name) +
                                      "' (all, or some of accept, request, connect, response, close)");
        }
    }
    in.proxy().log.steps = steps;
}

constexpr Keyword kKeywords[] = {
    works("log-tag", kLogProfile, 1, 1, set_tag, "<tag>", "the name before the process id"),
    works("on", kLogProfile, 1, -1, set_step, "<step> [drop] [format <format>] [sd <format>]",
          "what a line of that moment looks like"),
    works("log-steps", kProxies, 1, 1, set_steps, "all | <step>[,<step>...]",
          "the moments at which lines are written: accept, request, connect, response, close"),
};

}  // namespace

std::span<const Keyword> log_profile_keywords() {
    return kKeywords;
}

void open_log_profile(Reading& in, const Statement& line) {
    LogProfile& profile = profile_of(in, line.words[1]);
    if (profile.where.line != 0)
        in.error(line, "there is already a log-profile section named '" + line.words[1] + "'");
    profile.where = line.where;
}

void give_log_profiles(Reading& in, std::vector<observe::LogTarget>& targets) {
    for (observe::LogTarget& target : targets) {
        if (target.profile_name.empty()) continue;
        LogProfile& profile = profile_of(in, target.profile_name);
        if (profile.mentioned.line == 0) profile.mentioned = target.where;
        target.profile = in.model.catalogue->log_profiles[target.profile_name];
    }
}

void check_log_profiles(Reading& in) {
    for (const observe::ForwardSettings& forward : in.model.log_forwards)
        for (const observe::LogTarget& target : forward.targets)
            if (!target.profile_name.empty())
                in.out.warning(target.where,
                               "'profile' has no effect: lines of a log-forward section pass as they came");
    std::vector<std::string_view> names;
    for (const auto& [name, profile] : in.model.catalogue->log_profiles)
        if (profile->where.line != 0) names.push_back(name);
    for (const auto& [name, profile] : in.model.catalogue->log_profiles)
        if (profile->where.line == 0)
            in.out.error(profile->mentioned, "there is no log-profile section named '" + name + "'" +
                                                 common::did_you_mean(name, names));
}

}  // namespace proxyd::config
