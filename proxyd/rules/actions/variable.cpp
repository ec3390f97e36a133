// set-var, set-var-fmt, unset-var (configuration manual 4.2 and 2.8).
#include <array>

#include "proxyd/rules/actions/action.h"

namespace proxyd::rules {
namespace {

std::optional<VariableTarget> take_target(const ActionWords& words) {
    auto target = VariableTarget::parse(words.call(), words.catalogue().variables);
    if (target) return *target;
    words.refuse("'" + std::string(words.name()) + "': " + target.error().text);
    return std::nullopt;
}

class SetVariable final : public Action {
 public:
    SetVariable(VariableTarget target, Expression value)
        : target_(std::move(target)), value_(std::move(value)) {}

    bool run(Context& context, Verdict&) const override {
        Sample sample;
        if (value_.evaluate(context, sample))
            assign_variable(context, target_.name, target_.conditions, sample);
        return true;
    }

 private:
    VariableTarget target_;
    Expression value_;
};

ActionPtr parse_set(ActionWords& words) {
    auto target = take_target(words);
    if (!target) return nullptr;
    auto value = words.take_expression("a sample expression");
    if (!value) return nullptr;
    return std::make_shared<SetVariable>(std::move(*target), std::move(*value));
}

class SetVariableFormat final : public Action {
 public:
    SetVariableFormat(VariableTarget target, LogFormat value)
        : target_(std::move(target)), value_(std::move(value)) {}

    bool run(Context& context, Verdict&) const override {
        thread_local std::string scratch;
        Sample sample;
        sample.set_text(render(value_, context, scratch));
        assign_variable(context, target_.name, target_.conditions, sample);
        return true;
    }

 private:
    VariableTarget target_;
    LogFormat value_;
};

ActionPtr parse_set_format(ActionWords& words) {
    auto target = take_target(words);
    if (!target) return nullptr;
    auto value = words.take_format("a log format", LogUse::text);
    if (!value) return nullptr;
    return std::make_shared<SetVariableFormat>(std::move(*target), std::move(*value));
}

class UnsetVariable final : public Action {
 public:
    explicit UnsetVariable(VariableName name) : name_(std::move(name)) {}

    bool run(Context& context, Verdict&) const override {
        unset_variable(context, name_);
        return true;
    }

 private:
    VariableName name_;
};

ActionPtr parse_unset(ActionWords& words) {
    auto target = take_target(words);
    if (!target) return nullptr;
    if (target->conditions.bits != 0) return words.refuse("'unset-var' takes a name only");
    return std::make_shared<UnsetVariable>(std::move(target->name));
}

constexpr std::array kRows{
    ActionRow{"set-var", kEverywhere, parse_set, "keep a sample in a variable", true},
    ActionRow{"set-var-fmt", kEverywhere, parse_set_format, "keep a text in a variable", true},
    ActionRow{"unset-var", kEverywhere, parse_unset, "forget a variable", true},
};

}  // namespace

std::span<const ActionRow> variable_actions() {
    return kRows;
}

}  // namespace proxyd::rules
