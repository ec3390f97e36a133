#include "proxyd/config/directives.h"

#include <algorithm>

#include "common/keyword_table.h"
#include "common/text.h"
#include "proxyd/config/condition.h"

namespace proxyd::config {

struct Directives::Row {
    std::string_view name;
    bool shapes_blocks;  // acts inside a block that is switched off, too
    void (Directives::*run)(Reading&, std::string_view, common::Location, const Variables&);
};

const Directives::Row Directives::kRows[] = {
    {".if", true, &Directives::if_},         {".elif", true, &Directives::elif},
    {".else", true, &Directives::else_},     {".endif", true, &Directives::endif},
    {".notice", false, &Directives::notice}, {".warning", false, &Directives::warning},
    {".alert", false, &Directives::alert},   {".diag", false, &Directives::diag},
};

bool Directives::consume(Reading& in, std::string_view line, common::Location where,
                         const Variables& variables) {
    const std::string_view text = common::trim(line);
    if (!text.starts_with('.')) return !active();
    const std::string_view name = text.substr(0, text.find_first_of(" \t#(\""));
    const Row* row = common::find_row(std::span<const Row>(kRows), name);
    if (row == nullptr) {
        if (active())
            in.out.error(where,
                         "unknown directive '" + std::string(name) + "'" +
                             common::did_you_mean(name, common::row_names(std::span<const Row>(kRows))));
        return true;
    }
    if (active() || row->shapes_blocks) (this->*row->run)(in, text.substr(name.size()), where, variables);
    return true;
}

void Directives::finish(Reading& in) const {
    for (const Block& block : blocks_)
        in.out.error(block.where, "this '.if' has no '.endif' before the end of the file");
}

namespace {

bool holds(Reading& in, std::string_view rest, common::Location where, const Variables& variables) {
    const auto value = evaluate_condition(rest, variables);
    if (!value) in.out.error(where, value.error().text);
    return value.value_or(false);
}

}  // namespace

void Directives::if_(Reading& in, std::string_view rest, common::Location where, const Variables& variables) {
    Block block{where, active(), false, false, false};
    block.active = block.taken = block.outer_active && holds(in, rest, where, variables);
    blocks_.push_back(block);
}

void Directives::elif (Reading& in, std::string_view rest, common::Location where,
                       const Variables& variables) {
    if (blocks_.empty() || blocks_.back().in_else)
        return in.out.error(where, blocks_.empty() ? "'.elif' without '.if'" : "'.elif' after '.else'");
    Block& block = blocks_.back();
    block.active = block.outer_active && !block.taken && holds(in, rest, where, variables);
    block.taken |= block.active;
}

void Directives::else_(Reading& in, std::string_view, common::Location where, const Variables&) {
    if (blocks_.empty() || blocks_.back().in_else)
        return in.out.error(where, blocks_.empty() ? "'.else' without '.if'" : "'.else' twice in one '.if'");
    Block& block = blocks_.back();
    block.in_else = true;
    block.active = block.outer_active && !block.taken;
}

void Directives::endif(Reading& in, std::string_view, common::Location where, const Variables&) {
    if (blocks_.empty()) return in.out.error(where, "'.endif' without '.if'");
    blocks_.pop_back();
}

void Directives::message(Reading& in, std::string_view rest, common::Location where,
                         const Variables& variables, common::Severity severity) {
    const auto words = tokenize(rest, variables);
    if (!words) return in.out.error(where, words.error().text);
    if (words->size() > 1)
        return in.out.error(where, "unexpected argument '" + (*words)[1] +
                                       "'; use quotes if the message should contain spaces");
    const std::string text = words->empty() || words->front().empty() ? "(no text)" : words->front();
    if (severity == common::Severity::error) in.out.error(where, text);
    if (severity == common::Severity::warning) in.out.warning(where, text);
    if (severity == common::Severity::notice) in.out.notice(where, text);
}

void Directives::notice(Reading& in, std::string_view rest, common::Location where,
                        const Variables& variables) {
    message(in, rest, where, variables, common::Severity::notice);
}
void Directives::warning(Reading& in, std::string_view rest, common::Location where,
                         const Variables& variables) {
    message(in, rest, where, variables, common::Severity::warning);
}
void Directives::alert(Reading& in, std::string_view rest, common::Location where,
                       const Variables& variables) {
    message(in, rest, where, variables, common::Severity::error);
}

}  // namespace proxyd::config
