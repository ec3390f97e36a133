// var(name[,default]) (configuration manual 7.3.2).
#include <array>

#include "proxyd/rules/registry.h"

namespace proxyd::rules {
namespace {

bool fetch_var(const Context& context, const Arguments& arguments, Cursor&, Sample& out) {
    if (get_variable(context, arguments.variable(0), out)) return true;
    if (!arguments.has(1)) return false;
    return out.set_text(arguments.text(1)), true;
}

constexpr std::array kRows{
    FetchRow{"var", SampleType::any, Source::constant,
             ArgumentSpec{1, {ArgumentKind::variable, ArgumentKind::text}}, fetch_var,
             "a variable, or the default when it is not set"},
};

}  // namespace

std::span<const FetchRow> variable_fetches() {
    return kRows;
}

}  // namespace proxyd::rules
