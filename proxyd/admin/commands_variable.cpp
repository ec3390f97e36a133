// get var, set var: variables of the process (management manual 9.3).
#include <array>

#include "proxyd/admin/commands.h"
#include "proxyd/rules/expression.h"
#include "proxyd/rules/logs/format.h"

namespace proxyd::admin {

namespace {

common::Result<rules::VariableName> variable(const CommandCall& call) {
    auto name = rules::VariableName::parse(call.argument(0), call.context.view->model->catalogue->variables);
    if (name && name->scope != rules::VariableScope::process)
        return common::fail("Only variables of the scope 'proc' can be reached from here.",
                            common::Side::client);
    return name;
}

// As HAProxy calls them.
std::string type_name(rules::SampleType type) {
    constexpr std::array<const char*, 8> kNames{"any", "bool", "sint", "ipv4", "ipv6", "addr", "str", "bin"};
    return kNames[static_cast<std::size_t>(type)];
}

std::string get_var(const CommandCall& call) {
    if (call.arguments.empty()) return "Missing process-wide variable identifier.\n";
    const auto name = variable(call);
    if (!name) return name.error().text + "\n";
    common::Arena arena;
    rules::Sample value;
    if (!name->space->get(*name, &arena, value)) return "Variable not found.\n";
    rules::TextBuffer buffer;
    const std::string text(rules::to_text(value, buffer));
    return "proc." + name->name + ": type=" + type_name(value.type) + " value=<" + text + ">\n";
}

// The rest of the line with its blanks between: an expression or a format may hold some.
std::string rest_of(const CommandCall& call, std::size_t from) {
    std::string text;
    for (std::size_t i = from; i < call.arguments.size(); ++i)
        text += (i > from ? " " : "") + call.arguments[i];
    return text;
}

std::string set_var(const CommandCall& call) {
    if (call.arguments.size() < 2)
        return "expects 'set var <name> [expr <expression>|fmt <format>|<expression>]'\n";
    const auto name = variable(call);
    if (!name) return name.error().text + "\n";
    auto* const catalogue = call.context.view->model->catalogue.get();
    const bool is_format = call.argument(1) == "fmt";
    const std::string text = rest_of(call, is_format || call.argument(1) == "expr" ? 2 : 1);
    common::Arena arena;
    rules::Context context;
    context.arena = &arena;
    context.shared = call.context.view->runtime->state;
    context.process = &call.context.view->runtime->state->process;
    rules::Sample value;
    std::string rendered;
    if (is_format) {
        const auto format =
            rules::LogFormat::compile(text, rules::LogUse::text, catalogue, rules::kAtCommand);
        if (!format) return format.error().text + "\n";
        format->render(context, rendered);
        value.set_text(rendered);
    } else {
        const auto expression = rules::Expression::parse(text, catalogue, rules::kAtCommand);
        if (!expression) return expression.error().text + "\n";
        if (!expression->evaluate(context, value)) return "The expression has no value here.\n";
    }
    name->space->set(*name, value);
    return {};
}

constexpr CommandRow kRows[] = {
    {"get var", "<name>", "retrieve contents of a process-wide variable", Level::oper, get_var},
    {"set var", "<name> [fmt|expr] {<fmt>|<expr>}", "set variable from an expression", Level::admin, set_var},
};

}  // namespace

std::span<const CommandRow> variable_commands() {
    return kRows;
}

}  // namespace proxyd::admin
