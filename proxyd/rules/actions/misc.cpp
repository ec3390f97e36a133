// Actions that change neither message nor verdict.
#include <algorithm>
#include <array>

#include "proxyd/rules/actions/action.h"
#include "proxyd/rules/ascii.h"
#include "proxyd/rules/log_profile.h"
#include "proxyd/rules/step_log.h"

namespace proxyd::rules {
namespace {

struct LevelRow {
    std::string_view name;
    int level;
};
constexpr std::array kLevels{
    LevelRow{"emerg", 0}, LevelRow{"alert", 1},   LevelRow{"crit", 2},
    LevelRow{"err", 3},   LevelRow{"warning", 4}, LevelRow{"notice", 5},
    LevelRow{"info", 6},  LevelRow{"debug", 7},   LevelRow{"silent", kLogLevelSilent},
};

class SetLogLevel final : public Action {
 public:
    explicit SetLogLevel(int level) : level_(level) {}
    bool run(Context& context, Verdict&) const override {
        context.log_level = level_;
        return true;
    }

 private:
    int level_;
};

ActionPtr parse_log_level(ActionWords& words) {
    const auto name = words.take("a level");
    if (!name) return nullptr;
    const auto row = std::ranges::find(kLevels, *name, &LevelRow::name);
    if (row == kLevels.end())
        return words.refuse("'set-log-level': '" + std::string(*name) +
                            "' is none of emerg, alert, crit, err, warning, notice, info, debug, silent");
    return std::make_shared<SetLogLevel>(row->level);
}

class Nothing final : public Action {
 public:
    bool run(Context&, Verdict&) const override { return true; }
};

// A rewrite that does not fit never happens here: the arena grows.
ActionPtr parse_strict_mode(ActionWords& words) {
    if (!words.take_if("on") && !words.take_if("off"))
        return words.refuse("'strict-mode' needs 'on' or 'off'");
    return std::make_shared<Nothing>();
}

// One 103 response for all hints of a rule set (RFC 8297); the session sends it when the rules have run.
class EarlyHint final : public Action {
 public:
    EarlyHint(std::string name, LogFormat value) : name_(std::move(name)), value_(std::move(value)) {}
    bool run(Context& context, Verdict&) const override {
        if (context.arena == nullptr || context.request == nullptr) return true;
        thread_local std::string scratch;
        context.early_hints = context.arena->concat(
            {context.early_hints, name_, ": ", render(value_, context, scratch), "\r\n"});
        return true;
    }

 private:
    std::string name_;
    LogFormat value_;
};

ActionPtr parse_early_hint(ActionWords& words) {
    const auto name = words.take("a header name");
    if (!name) return nullptr;
    auto value = words.take_format("a value after the header name");
    if (!value) return nullptr;
    std::string text(*name);
    std::ranges::transform(text, text.begin(), lower);
    return std::make_shared<EarlyHint>(std::move(text), std::move(*value));
}

class DoLog final : public Action {
 public:
    DoLog(Phase phase, std::shared_ptr<const LogProfile> profile)
        : phase_(phase), profile_(std::move(profile)) {}
    bool run(Context& context, Verdict&) const override {
        if (context.step_log != nullptr) context.step_log->write_at(phase_, profile_.get(), context);
        return true;
    }

 private:
    Phase phase_;
    std::shared_ptr<const LogProfile> profile_;  // null: what the log's targets name
};

// do-log [profile <name>]
ActionPtr parse_do_log(ActionWords& words) {
    if (!words.take_if("profile")) return std::make_shared<DoLog>(words.phase(), nullptr);
    const auto name = words.take("the name of a log-profile section");
    if (!name) return nullptr;
    auto& profile = words.catalogue().log_profiles[std::string(*name)];
    if (profile == nullptr) profile = std::make_shared<LogProfile>();
    profile->name = *name;
    if (profile->mentioned.line == 0) profile->mentioned = words.where();
    return std::make_shared<DoLog>(words.phase(), profile);
}

constexpr std::array kRows{
    ActionRow{"do-log", kEverywhere, parse_do_log, "a log line now, besides those that are written anyway"},
    ActionRow{"early-hint", kInRequest, parse_early_hint, "a field of a 103 response before the answer"},
    ActionRow{"set-log-level", kInHttp | kInContent | kInTcpResponse, parse_log_level,
              "the level of this exchange's log line"},
    ActionRow{"strict-mode", kInHttp, parse_strict_mode, "accepted: rewrites always have room here"},
};

}  // namespace

std::span<const ActionRow> misc_actions() {
    return kRows;
}

}  // namespace proxyd::rules
