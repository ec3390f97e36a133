// Actions on how a server is waited for and tried again: set-priority-class, set-priority-offset,
// set-retries, disable-l7-retry (configuration manual 4.2).
#include <algorithm>
#include <array>

#include "proxyd/rules/actions/action.h"

namespace proxyd::rules {
namespace {

using Number = int Context::*;

class SetNumber final : public Action {
 public:
    SetNumber(Number target, int low, int high, Expression value)
        : target_(target), low_(low), high_(high), value_(std::move(value)) {}

    bool run(Context& context, Verdict&) const override {
        Sample sample;
        if (!value_.evaluate(context, sample) || !cast(sample, SampleType::integer, context.arena))
            return true;
        context.*target_ = static_cast<int>(std::clamp<std::int64_t>(sample.number, low_, high_));
        return true;
    }

 private:
    Number target_;
    int low_, high_;
    Expression value_;
};

template <Number target, int low, int high>
ActionPtr parse_number(ActionWords& words) {
    auto value = words.take_expression("a sample expression");
    if (!value) return nullptr;
    return std::make_shared<SetNumber>(target, low, high, std::move(*value));
}

class DisableRetry final : public Action {
 public:
    bool run(Context& context, Verdict&) const override {
        context.retry_answers = false;
        return true;
    }
};

ActionPtr parse_disable_retry(ActionWords&) {
    return std::make_shared<DisableRetry>();
}

// As HAProxy has them: both are cut to these.
constexpr int kLowestClass = -2047, kHighestClass = 2047;
constexpr int kLowestOffset = -524287, kHighestOffset = 524287;  // milliseconds
constexpr int kMostRetries = 100;

constexpr std::array kRows{
    ActionRow{"disable-l7-retry", kInRequest, parse_disable_retry,
              "what 'retry-on' says of answers does not hold for this request"},
    ActionRow{"set-priority-class", kInRequest | kInContent,
              parse_number<&Context::priority_class, kLowestClass, kHighestClass>,
              "queues serve lower classes first"},
    ActionRow{"set-priority-offset", kInRequest | kInContent,
              parse_number<&Context::priority_offset, kLowestOffset, kHighestOffset>,
              "queues serve as if it had come so many milliseconds later"},
    ActionRow{"set-retries", kInRequest | kInContent, parse_number<&Context::own_retries, 0, kMostRetries>,
              "in place of the backend's 'retries'"},
};

}  // namespace

std::span<const ActionRow> choice_actions() {
    return kRows;
}

}  // namespace proxyd::rules
