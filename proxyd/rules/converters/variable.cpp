// Converters that set and forget variables on the way (configuration manual 7.3.1).
#include <array>

#include "proxyd/rules/registry.h"

namespace proxyd::rules {
namespace {

constexpr std::size_t kMostConditions = 4;

struct Conditions final : Prepared {
    VariableConditions value;
};

bool convert_set_var(const Context& context, const Arguments& arguments, Sample& sample) {
    assign_variable(context, arguments.variable(0), arguments.prepared<Conditions>(1).value, sample);
    return true;
}

bool convert_unset_var(const Context& context, const Arguments& arguments, Sample&) {
    unset_variable(context, arguments.variable(0));
    return true;
}

common::Result<> check_set_var(Arguments& arguments) {
    auto conditions = std::make_shared<Conditions>();
    for (std::size_t i = 1; i <= kMostConditions; ++i) {
        const auto more = VariableConditions::parse(arguments.text(i));
        if (!more) return std::unexpected(more.error());
        conditions->value.bits |= more->bits;
    }
    arguments.set(1, std::shared_ptr<const Prepared>(std::move(conditions)));
    return {};
}

constexpr auto kText = ArgumentKind::text;
constexpr auto kAny = SampleType::any;

constexpr std::array kRows{
    ConverterRow{"set-var", kAny, kAny, ArgumentSpec{1, {ArgumentKind::variable, kText, kText, kText, kText}},
                 convert_set_var, "itself, kept in a variable", check_set_var},
    ConverterRow{"unset-var", kAny, kAny, ArgumentSpec{1, {ArgumentKind::variable}}, convert_unset_var,
                 "itself; the variable is forgotten"},
};

}  // namespace

std::span<const ConverterRow> variable_converters() {
    return kRows;
}

}  // namespace proxyd::rules
