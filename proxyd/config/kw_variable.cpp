// global: variables of the process and the room that variables may take (configuration manual 3.1, 3.2).
#include "proxyd/config/arguments.h"
#include "proxyd/config/tables.h"
#include "proxyd/rules/expression.h"

namespace proxyd::config {
namespace {

using rules::VariableScope;

// Proc variables alone exist before there is traffic.
bool take_name(Reading& in, const Statement& line, rules::VariableName& name) {
    auto parsed = rules::VariableName::parse(line.argument(0), in.model.catalogue->variables);
    if (!parsed) return in.error(line, parsed.error()), false;
    name = std::move(*parsed);
    if (name.scope == VariableScope::process) return true;
    in.error(line, "'" + line.name() + "': only variables of the scope 'proc' can be set in global");
    return false;
}

void set(Reading& in, const Statement& line) {
    rules::VariableName name;
    if (!take_name(in, line, name)) return;
    const auto value =
        rules::Expression::parse(line.argument(1), in.model.catalogue.get(), rules::kAtConfiguration);
    if (!value) return in.error(line, value.error());
    common::Arena arena;
    rules::Context context;
    context.arena = &arena;
    rules::Sample sample;
    if (!value->evaluate(context, sample))
        return in.error(line, "'" + line.argument(1) + "' has no value when the configuration is read");
    rules::set_variable(context, name, sample);
}

void set_format(Reading& in, const Statement& line) {
    rules::VariableName name;
    if (!take_name(in, line, name)) return;
    const auto format = rules::LogFormat::compile(line.argument(1), rules::LogUse::text,
                                                  in.model.catalogue.get(), rules::kAtConfiguration);
    if (!format) return in.error(line, format.error());
    common::Arena arena;
    rules::Context context;
    context.arena = &arena;
    std::string text;
    format->render(context, text);
    rules::Sample sample;
    sample.set_text(text);
    rules::set_variable(context, name, sample);
}

template <VariableScope... scopes>
void limit(Reading& in, const Statement& line) {
    const auto size = common::parse_size(line.argument(0));
    if (!size) return in.error(line, size.error());
    if constexpr (sizeof...(scopes) == 0)
        in.model.catalogue->variables->set_total_limit(*size);
    else
        (in.model.catalogue->variables->set_limit(scopes, *size), ...);
}

constexpr Keyword kKeywords[] = {
    works("set-var", kGlobal, 2, 2, set, "proc.<name> <expression>", "sets a variable of the process"),
    works("set-var-fmt", kGlobal, 2, 2, set_format, "proc.<name> <format>",
          "sets a variable of the process to a text"),
    works("tune.vars.check-max-size", kGlobal, 1, 1, limit<VariableScope::check>, "<size>",
          "room for the variables of a check"),
    works("tune.vars.global-max-size", kGlobal, 1, 1, limit<>, "<size>",
          "room for the variables of the process; those of sessions count by their own limits"),
    works("tune.vars.proc-max-size", kGlobal, 1, 1, limit<VariableScope::process>, "<size>",
          "room for the variables of the process"),
    works("tune.vars.reqres-max-size", kGlobal, 1, 1, limit<VariableScope::request, VariableScope::response>,
          "<size>", "room for the variables of a request or response"),
    works("tune.vars.sess-max-size", kGlobal, 1, 1, limit<VariableScope::session>, "<size>",
          "room for the variables of a client connection, its request's included"),
    works("tune.vars.txn-max-size", kGlobal, 1, 1, limit<VariableScope::transaction>, "<size>",
          "room for the variables of a request and its response"),
};

}  // namespace

std::span<const Keyword> variable_keywords() {
    return kKeywords;
}

}  // namespace proxyd::config
