// global: setenv, presetenv, unsetenv, resetenv (configuration manual 3.1).
#include "proxyd/config/arguments.h"
#include "proxyd/config/tables.h"

namespace proxyd::config {
namespace {

void set(Reading& in, const Statement& line) {
    in.environment.set(line.argument(0), line.argument(1));
}

void preset(Reading& in, const Statement& line) {
    if (!in.environment.get(line.argument(0))) in.environment.set(line.argument(0), line.argument(1));
}

void unset(Reading& in, const Statement& line) {
    for (const std::string& name : line.arguments()) in.environment.unset(name);
}

void reset(Reading& in, const Statement& line) {
    in.environment.keep_only(line.arguments());
}

constexpr Keyword kKeywords[] = {
    works("presetenv", kGlobal, 2, 2, preset, "<name> <value>",
          "sets an environment variable that is not set"),
    works("resetenv", kGlobal, 0, -1, reset, "[<name> ...]", "removes all environment variables but these"),
    works("setenv", kGlobal, 2, 2, set, "<name> <value>", "sets an environment variable"),
    works("unsetenv", kGlobal, 1, -1, unset, "<name> ...", "removes environment variables"),
};

}  // namespace

std::span<const Keyword> environment_keywords() {
    return kKeywords;
}

}  // namespace proxyd::config
