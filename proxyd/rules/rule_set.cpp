#include "proxyd/rules/rule_set.h"

#include <algorithm>
#include <array>
#include <utility>

#include "common/keyword_table.h"
#include "common/text.h"
#include "proxyd/rules/actions/action.h"

namespace proxyd::rules {

struct RuleSet::Rule {
    Condition condition;
    ActionPtr action;
    common::Location where;
    bool last = false;  // ActionRow's
};

RuleSet::RuleSet() = default;
RuleSet::~RuleSet() = default;
RuleSet::RuleSet(const RuleSet&) = default;
RuleSet::RuleSet(RuleSet&&) noexcept = default;
RuleSet& RuleSet::operator=(const RuleSet&) = default;
RuleSet& RuleSet::operator=(RuleSet&&) noexcept = default;

std::optional<std::string_view> ActionWords::take(std::string_view what) {
    if (words_.empty()) {
        refuse("'" + std::string(name_) + "' needs " + std::string(what));
        return std::nullopt;
    }
    const std::string_view word = words_[0];
    words_ = words_.subspan(1);
    return word;
}

bool ActionWords::take_if(std::string_view word) {
    if (words_.empty() || words_[0] != word) return false;
    words_ = words_.subspan(1);
    return true;
}

ActionPtr ActionWords::refuse(std::string message) const {
    out_.error(where_, std::move(message));
    return nullptr;
}

std::optional<LogFormat> ActionWords::take_format(std::string_view what, LogUse use) {
    const auto word = take(what);
    if (!word) return std::nullopt;
    auto format = LogFormat::compile(*word, use, &catalogue_, places());
    if (format) return *format;
    refuse("'" + std::string(name_) + "': " + format.error().text);
    return std::nullopt;
}

std::optional<Expression> ActionWords::take_expression(std::string_view what) {
    const auto word = take(what);
    if (!word) return std::nullopt;
    auto expression = Expression::parse(*word, &catalogue_, places());
    if (expression) return *expression;
    refuse("'" + std::string(name_) + "': " + expression.error().text);
    return std::nullopt;
}

std::optional<Regex> ActionWords::take_regex(std::string_view what) {
    const auto word = take(what);
    if (!word) return std::nullopt;
    auto regex = Regex::compile(*word, false);
    if (regex) return *regex;
    refuse("'" + std::string(name_) + "': " + regex.error().text);
    return std::nullopt;
}

std::optional<int> ActionWords::take_status(int low, int high) {
    const auto word = take("a status code");
    if (!word) return std::nullopt;
    const auto number = common::parse_number(*word, low, high);
    if (number) return static_cast<int>(*number);
    refuse("'" + std::string(name_) + "': status " + number.error().text);
    return std::nullopt;
}

std::string_view render(const LogFormat& format, const Context& context, std::string& scratch) {
    if (const auto constant = format.constant()) return *constant;
    scratch.clear();
    format.render(context, scratch);
    return scratch;
}

namespace {

std::array<std::span<const ActionRow>, 17> families() {
    return {header_actions(),    target_actions(),   verdict_actions(), redirect_actions(),
            misc_actions(),      variable_actions(), list_actions(),    auth_actions(),
            tcp_actions(),       track_actions(),    capture_actions(), connection_actions(),
            normalize_actions(), cache_actions(),    choice_actions(),  waiting_actions(),
            bandwidth_actions()};
}

unsigned bit(Phase phase) {
    return 1U << static_cast<unsigned>(phase);
}

const ActionRow* find_action(std::string_view name) {
    for (const auto& family : families())
        if (const ActionRow* row = common::find_row(family, name)) return row;
    return nullptr;
}

}  // namespace

std::string_view phase_name(Phase phase) {
    constexpr std::array<std::string_view, kPhases> kNames{
        "http-request",        "http-response",       "http-after-response", "tcp-request connection",
        "tcp-request session", "tcp-request content", "tcp-response content"};
    return kNames[static_cast<std::size_t>(phase)];
}

std::vector<ActionHelp> RuleSet::actions(Phase phase) {
    std::vector<ActionHelp> out;
    for (const auto& family : families())
        for (const ActionRow& row : family)
            if ((row.phases & bit(phase)) != 0) out.push_back({row.name, row.help, row.called});
    return out;
}

std::vector<std::string_view> RuleSet::action_names(Phase phase) {
    std::vector<std::string_view> names;
    for (const ActionHelp& row : actions(phase)) names.push_back(row.name);
    return names;
}

bool RuleSet::add(Phase phase, std::span<const std::string> words, const AclSet& acls, common::Location where,
                  common::Diagnostics& out) {
    const std::string keyword(phase_name(phase));
    if (words.empty()) {
        out.error(where, "'" + keyword + "' needs an action");
        return false;
    }
    CallText split;
    if (!split_call(words[0], split) || !split.rest.empty()) split = {words[0], {}, {}, false};
    const ActionRow* row = find_action(split.name);
    if (row != nullptr && row->called != split.has_arguments) {
        out.error(where, "'" + std::string(split.name) + "' " +
                             (row->called ? "needs an argument in parentheses" : "takes no parentheses"));
        return false;
    }
    if (row == nullptr || (row->phases & bit(phase)) == 0) {
        out.error(where, row != nullptr ? "'" + words[0] + "' is no action of '" + keyword + "'"
                                        : "unknown action '" + words[0] + "' of '" + keyword + "'" +
                                              common::did_you_mean(words[0], action_names(phase)));
        return false;
    }
    ActionWords rest(row->name, split.arguments, phase, words.subspan(1), *acls.catalogue(), where, out);
    ActionPtr action = row->parse(rest);
    Condition condition;
    if (action == nullptr || !compile_condition(rest.rest(), acls, where, out, condition, rest.places()))
        return false;
    rules_.push_back({std::move(condition), std::move(action), where, row->last});
    return true;
}

bool RuleSet::add_redirect(std::span<const std::string> words, const AclSet& acls, common::Location where,
                           common::Diagnostics& out) {
    ActionWords rest("redirect", {}, Phase::http_request, words, *acls.catalogue(), where, out);
    ActionPtr action = parse_redirect(rest, true);
    Condition condition;
    if (action == nullptr || !compile_condition(rest.rest(), acls, where, out, condition, rest.places()))
        return false;
    rules_.push_back({std::move(condition), std::move(action), where});
    return true;
}

bool RuleSet::add_legacy(std::string_view keyword, std::span<const std::string> words, const AclSet& acls,
                         common::Location where, common::Diagnostics& out) {
    const LegacyRow* row = common::find_row(legacy_keywords(), keyword);
    if (row == nullptr) {
        out.error(where, "unknown keyword '" + std::string(keyword) + "'" +
                             common::did_you_mean(keyword, common::row_names(legacy_keywords())));
        return false;
    }
    ActionWords rest(row->name, {}, row->phase, words, *acls.catalogue(), where, out);
    ActionPtr action = row->parse(rest, row->ignore_case);
    Condition condition;
    if (action == nullptr || !compile_condition(rest.rest(), acls, where, out, condition, rest.places()))
        return false;
    out.warning(where, "'" + std::string(keyword) +
                           "' is an old keyword that HAProxy removed; it works here, today's form is '" +
                           std::string(row->modern) + "'");
    rules_.push_back({std::move(condition), std::move(action), where});
    return true;
}

bool RuleSet::is_legacy(std::string_view keyword) {
    return common::find_row(legacy_keywords(), keyword) != nullptr;
}

std::vector<std::string_view> RuleSet::legacy_names() {
    return common::row_names(legacy_keywords());
}

void RuleSet::append(const RuleSet& other) {
    rules_.insert(rules_.end(), other.rules_.begin(), other.rules_.end());
}

bool RuleSet::empty() const {
    return rules_.empty();
}
std::size_t RuleSet::size() const {
    return rules_.size();
}
bool RuleSet::decided() const {
    return !rules_.empty() && rules_.back().last && rules_.back().condition.unconditional();
}

namespace {

bool waits(const Verdict& verdict) {
    return verdict.kind == Verdict::Kind::wait_body || verdict.kind == Verdict::Kind::wait;
}

}  // namespace

Verdict RuleSet::run(Context& context, std::size_t from) const {
    if (const Action* waited = std::exchange(context.suspended, nullptr)) waited->resume(context);
    if (!context.input_final) return run_inspecting(context, from);
    Verdict verdict;
    for (std::size_t i = from; i < rules_.size(); ++i) {
        const Rule& rule = rules_[i];
        if (!rule.condition.evaluate(context) || rule.action->run(context, verdict)) continue;
        verdict.next = i + 1;
        if (!waits(verdict)) context.last_rule = rule.where;
        break;
    }
    return verdict;
}

// The same, stopping at the first rule that cannot be decided yet.
Verdict RuleSet::run_inspecting(Context& context, std::size_t from) const {
    Verdict verdict;
    for (std::size_t i = from; i < rules_.size(); ++i) {
        const Rule& rule = rules_[i];
        const Condition::Outcome outcome = rule.condition.test(context);
        if (outcome == Condition::Outcome::undecided) {
            verdict.kind = Verdict::Kind::undecided;
            break;
        }
        if (outcome != Condition::Outcome::holds || rule.action->run(context, verdict)) continue;
        verdict.next = i + 1;
        if (!waits(verdict)) context.last_rule = rule.where;
        break;
    }
    return verdict;
}

}  // namespace proxyd::rules
