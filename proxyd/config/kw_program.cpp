// `program` sections (configuration manual 3.7).
#include <algorithm>

#include "proxyd/config/program_section.h"
#include "proxyd/config/tables.h"

namespace proxyd::config {
namespace {

Program& section(Reading& in) {
    return in.model.programs.back();  // the open one
}

void set_command(Reading& in, const Statement& line) {
    const auto words = line.arguments();
    section(in).command.assign(words.begin(), words.end());
}

template <std::string Program::* member>
void set_text(Reading& in, const Statement& line) {
    section(in).*member = line.argument(0);
}

void set_start_on_reload(Reading& in, const Statement& line) {
    section(in).start_on_reload = !line.no;
}

constexpr Keyword kKeywords[] = {
    works("command", kProgram, 1, -1, set_command, "<command> [<argument>...]", "what the master starts"),
    works("user", kProgram, 1, 1, set_text<&Program::user>, "<name>", "whom it runs as"),
    works("group", kProgram, 1, 1, set_text<&Program::group>, "<name>", "whom it runs as"),
};

constexpr Keyword kOptions[] = {
    works("start-on-reload", kProgram, 0, 0, set_start_on_reload, "", "a reload starts another one",
          kNo | kDefault),
};

}  // namespace

std::span<const Keyword> program_keywords() {
    return kKeywords;
}

std::span<const Keyword> program_option_keywords() {
    return kOptions;
}

void open_program(Reading& in, const Statement& line) {
    auto& programs = in.model.programs;
    if (std::ranges::find(programs, line.words[1], &Program::name) != programs.end()) {
        in.error(line, "there is already a program section named '" + line.words[1] + "'");
        in.skip_section = true;
        return;
    }
    Program& program = programs.emplace_back();
    program.name = line.words[1];
    program.where = line.where;
}

void finish_programs(Reading& in) {
    for (const Program& program : in.model.programs)
        if (program.command.empty())
            in.out.error(program.where, "program '" + program.name + "' has no 'command'");
}

}  // namespace proxyd::config
