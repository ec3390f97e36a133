// Actions that change neither message nor verdict.
#include <algorithm>
#include <array>

#include "proxyd/rules/actions/action.h"

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

constexpr std::array kRows{
    ActionRow{"set-log-level", kInHttp | kInContent, parse_log_level,
              "the level of this exchange's log line"},
    ActionRow{"strict-mode", kInHttp, parse_strict_mode, "accepted: rewrites always have room here"},
};

}  // namespace

std::span<const ActionRow> misc_actions() {
    return kRows;
}

}  // namespace proxyd::rules
