#include "proxyd/rules/variables.h"

#include <algorithm>
#include <mutex>
#include <utility>

#include "common/text.h"
#include "proxyd/rules/ascii.h"
#include "proxyd/rules/context.h"

namespace proxyd::rules {
namespace {

struct ScopeRow {
    std::string_view prefix;
    VariableScope scope;
};
constexpr std::array kScopes{
    ScopeRow{"proc.", VariableScope::process},    ScopeRow{"sess.", VariableScope::session},
    ScopeRow{"txn.", VariableScope::transaction}, ScopeRow{"req.", VariableScope::request},
    ScopeRow{"res.", VariableScope::response},    ScopeRow{"check.", VariableScope::check},
};

std::uint64_t hash_of(VariableScope scope, std::string_view name) {
    std::uint64_t hash = 14695981039346656037ULL + static_cast<std::uint64_t>(scope);
    for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
    return hash;
}

std::size_t text_size(const Sample& value) {
    return value.is_text() ? value.text.size() : 0;
}

// The store of a scope; null where it does not exist. Proc variables lie in their space.
Variables* store(const Context& context, VariableScope scope) {
    switch (scope) {
        case VariableScope::session:
            return context.session_variables;
        case VariableScope::check:
            return context.check_variables;
        case VariableScope::transaction:
            return context.variables != nullptr ? &context.variables->transaction : nullptr;
        case VariableScope::request:
        case VariableScope::response:
            break;
        case VariableScope::process:
            return nullptr;
    }
    ExchangeVariables* const exchange = context.variables;
    if (exchange == nullptr) return nullptr;
    // The response ends what the request knew.
    if (context.response != nullptr && !exchange->response) {
        exchange->response = true;
        exchange->current.clear();
    }
    return exchange->response == (scope == VariableScope::response) ? &exchange->current : nullptr;
}

// Also a scope inside another one counts there: req in txn, txn in sess.
bool room_for(const Context& context, const VariableName& name, std::size_t more) {
    if (name.space == nullptr) return true;
    std::size_t bytes = more;
    const auto fits = [&](VariableScope scope, const Variables* inside) {
        if (inside != nullptr) bytes += inside->bytes();
        return name.space->fits(scope, bytes);
    };
    const ExchangeVariables* const exchange = context.variables;
    switch (name.scope) {
        case VariableScope::request:
        case VariableScope::response:
            if (!fits(name.scope, exchange != nullptr ? &exchange->current : nullptr)) return false;
            [[fallthrough]];
        case VariableScope::transaction:
            if (!fits(VariableScope::transaction, exchange != nullptr ? &exchange->transaction : nullptr))
                return false;
            [[fallthrough]];
        case VariableScope::session:
            return fits(VariableScope::session, context.session_variables);
        case VariableScope::check:
            return fits(VariableScope::check, context.check_variables);
        case VariableScope::process:
            break;
    }
    return true;
}

}  // namespace

common::Result<VariableName> VariableName::parse(std::string_view text,
                                                 std::shared_ptr<VariableSpace> space) {
    const auto row =
        std::ranges::find_if(kScopes, [&](const ScopeRow& each) { return text.starts_with(each.prefix); });
    if (row == kScopes.end())
        return common::fail("invalid variable name '" + std::string(text) +
                                "': it must start with its scope, one of 'proc.', 'sess.', 'txn.', 'req.', "
                                "'res.', 'check.'",
                            common::Side::config);
    VariableName out;
    out.scope = row->scope;
    out.name = text.substr(row->prefix.size());
    if (out.name.empty() ||
        !std::ranges::all_of(out.name, [](char c) { return is_alnum(c) || c == '.' || c == '_'; }))
        return common::fail("invalid variable name '" + std::string(text) +
                                "': letters, digits, '.' and '_' may follow the scope",
                            common::Side::config);
    out.hash = hash_of(out.scope, out.name);
    out.space = std::move(space);
    return out;
}

Variables::Slot* Variables::slot(const VariableName& name) {
    const auto found = std::ranges::find_if(
        slots_, [&](const Slot& slot) { return slot.hash == name.hash && slot.name == name.name; });
    return found == slots_.end() ? nullptr : &*found;
}

const Sample* Variables::find(const VariableName& name) const {
    const Slot* found = const_cast<Variables*>(this)->slot(name);
    return found == nullptr ? nullptr : &found->value;
}

void Variables::set(const VariableName& name, const Sample& value, common::Arena* arena) {
    if (value.is_text() && !keep_text_ && arena == nullptr) return;
    Slot* target = slot(name);
    if (target == nullptr) {
        target = &slots_.emplace_back(Slot{name.hash, name.name, {}, nullptr});
        bytes_ += kOverhead;
    } else {
        bytes_ -= text_size(target->value);
    }
    bytes_ += text_size(value);
    if (!value.is_text()) {
        target->value = value;
        return;
    }
    std::string_view kept;
    if (keep_text_) {
        // A text may be set from the variable itself.
        auto text = std::make_unique<std::string>(value.text);
        target->text = std::move(text);
        kept = *target->text;
    } else {
        kept = arena->copy(value.text);
    }
    target->value = value;
    target->value.text = kept;
}

void Variables::unset(const VariableName& name) {
    Slot* found = slot(name);
    if (found == nullptr) return;
    bytes_ -= kOverhead + text_size(found->value);
    slots_.erase(slots_.begin() + (found - slots_.data()));
}

void Variables::clear() {
    slots_.clear();
    bytes_ = 0;
}

bool VariableSpace::get(const VariableName& name, common::Arena* arena, Sample& out) const {
    const std::shared_lock lock(mutex_);
    const auto found = values_.find(name.name);
    if (found == values_.end()) return false;
    const Value& value = found->second;
    if (value.sample.is_text() && arena == nullptr) return false;
    out = value.sample;
    if (out.is_text()) out.text = arena->copy(value.text);
    return true;
}

void VariableSpace::set(const VariableName& name, const Sample& value) {
    const std::unique_lock lock(mutex_);
    const auto known = values_.find(name.name);
    const std::size_t before = known == values_.end() ? 0 : Variables::kOverhead + known->second.text.size();
    const std::size_t bytes = bytes_ - before + Variables::kOverhead + text_size(value);
    if (!fits(VariableScope::process, bytes) || (total_limit_ != 0 && bytes > total_limit_)) return;
    bytes_ = bytes;
    Value& target = known == values_.end() ? values_[name.name] : known->second;
    target.sample = value;
    target.text.assign(value.is_text() ? value.text : std::string_view());
}

void VariableSpace::unset(const VariableName& name) {
    const std::unique_lock lock(mutex_);
    const auto found = values_.find(name.name);
    if (found == values_.end()) return;
    bytes_ -= Variables::kOverhead + found->second.text.size();
    values_.erase(found);
}

void VariableSpace::set_limit(VariableScope scope, std::size_t bytes) {
    limits_[static_cast<std::size_t>(scope)] = bytes;
}

bool VariableSpace::fits(VariableScope scope, std::size_t bytes) const {
    const std::size_t limit = limits_[static_cast<std::size_t>(scope)];
    return limit == 0 || bytes <= limit;
}

bool get_variable(const Context& context, const VariableName& name, Sample& out) {
    if (name.scope == VariableScope::process)
        return name.space != nullptr && name.space->get(name, context.arena, out);
    const Variables* const variables = store(context, name.scope);
    const Sample* const value = variables != nullptr ? variables->find(name) : nullptr;
    if (value == nullptr) return false;
    out = *value;
    return true;
}

void set_variable(const Context& context, const VariableName& name, const Sample& value) {
    if (name.scope == VariableScope::process) {
        if (name.space != nullptr) name.space->set(name, value);
        return;
    }
    Variables* const variables = store(context, name.scope);
    if (variables == nullptr || !room_for(context, name, Variables::kOverhead + text_size(value))) return;
    variables->set(name, value, context.arena);
}

void unset_variable(const Context& context, const VariableName& name) {
    if (name.scope == VariableScope::process) {
        if (name.space != nullptr) name.space->unset(name);
    } else if (Variables* const variables = store(context, name.scope); variables != nullptr) {
        variables->unset(name);
    }
}

namespace {

bool is_empty(const Sample& value) {
    return value.is_text() && value.text.empty();
}

struct ConditionRow {
    std::string_view name;
    bool (*allow)(const Sample* before, const Sample& value);
};
constexpr std::array kConditions{
    ConditionRow{"ifexists", [](const Sample* before, const Sample&) { return before != nullptr; }},
    ConditionRow{"ifnotexists", [](const Sample* before, const Sample&) { return before == nullptr; }},
    ConditionRow{"ifempty", [](const Sample*, const Sample& value) { return is_empty(value); }},
    ConditionRow{"ifnotempty", [](const Sample*, const Sample& value) { return !is_empty(value); }},
    ConditionRow{"ifset",
                 [](const Sample* before, const Sample&) { return before != nullptr && !is_empty(*before); }},
    ConditionRow{"ifnotset",
                 [](const Sample* before, const Sample&) { return before == nullptr || is_empty(*before); }},
    ConditionRow{"ifgt",
                 [](const Sample* before, const Sample& value) {
                     return before == nullptr || before->type != SampleType::integer ||
                            value.type != SampleType::integer || before->number > value.number;
                 }},
    ConditionRow{"iflt",
                 [](const Sample* before, const Sample& value) {
                     return before == nullptr || before->type != SampleType::integer ||
                            value.type != SampleType::integer || before->number < value.number;
                 }},
};

}  // namespace

common::Result<VariableConditions> VariableConditions::parse(std::string_view text) {
    VariableConditions out;
    if (text.empty()) return out;
    for (const std::string_view word : common::split(text, ',')) {
        const auto row = std::ranges::find(kConditions, common::trim(word), &ConditionRow::name);
        if (row == kConditions.end())
            return common::fail("unknown condition '" + std::string(word) +
                                    "' for a variable (known are ifexists, ifnotexists, ifempty, ifnotempty, "
                                    "ifset, ifnotset, ifgt, iflt)",
                                common::Side::config);
        out.bits |= 1U << static_cast<unsigned>(row - kConditions.begin());
    }
    return out;
}

bool VariableConditions::allow(const Sample* before, const Sample& value) const {
    for (std::size_t i = 0; i < kConditions.size(); ++i)
        if ((bits & (1U << i)) != 0 && !kConditions[i].allow(before, value)) return false;
    return true;
}

common::Result<VariableTarget> VariableTarget::parse(std::string_view text,
                                                     std::shared_ptr<VariableSpace> space) {
    const auto comma = text.find(',');
    VariableTarget out;
    auto name = VariableName::parse(common::trim(text.substr(0, comma)), std::move(space));
    if (!name) return std::unexpected(name.error());
    out.name = std::move(*name);
    if (comma == std::string_view::npos) return out;
    auto conditions = VariableConditions::parse(text.substr(comma + 1));
    if (!conditions) return std::unexpected(conditions.error());
    out.conditions = *conditions;
    return out;
}

void assign_variable(const Context& context, const VariableName& name, VariableConditions conditions,
                     const Sample& value) {
    if (conditions.bits != 0) {
        Sample before;
        const bool known = get_variable(context, name, before);
        if (!conditions.allow(known ? &before : nullptr, value)) return;
    }
    set_variable(context, name, value);
}

}  // namespace proxyd::rules
