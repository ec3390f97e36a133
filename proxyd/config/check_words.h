// Words that the lines of tcp-check and http-check share (configuration manual 4.2).
#pragma once

#include <optional>
#include <string>

#include "proxyd/config/reading.h"
#include "proxyd/upstream/check_step.h"

namespace proxyd::config {

// Goes through the words of a line. Past the end it gives empty ones.
struct CheckWords {
    const Statement& line;
    std::size_t at = 0;
    bool more() const { return at < line.count(); }
    const std::string& next() {
        static const std::string kNone;
        return more() ? line.argument(at++) : kNone;
    }
    bool take_if(std::string_view word) {
        const bool found = more() && line.argument(at) == word;
        if (found) ++at;
        return found;
    }
};

using CheckSteps = std::vector<upstream::CheckStep>;

// The steps of the section: its own first one replaces those of the defaults.
CheckSteps& tcp_check_steps(Reading& in);
CheckSteps& http_check_steps(Reading& in);
// Whether any step but remarks and variables is there.
bool has_action(const CheckSteps& steps);

// False after a complaint.
bool read_connect_step(Reading& in, const Statement& line, upstream::CheckStep& step);
bool read_expect_options(Reading& in, CheckWords& words, upstream::CheckStep& step);
// Such an option may stand behind the match as well.
bool is_expect_option(std::string_view word);
// The name of the match, without the "!" before it.
std::string read_match_name(CheckWords& words, upstream::CheckStep& step);
std::optional<rules::LogFormat> read_check_format(Reading& in, const Statement& line,
                                                  const std::string& text);

// set-var(NAME) <expression>, set-var-fmt(NAME) <format>, unset-var(NAME).
enum class VariableLine : unsigned char { set, set_format, unset };
void add_check_variable(Reading& in, const Statement& line, VariableLine kind, CheckSteps& steps);
void add_check_comment(const Statement& line, CheckSteps& steps);

}  // namespace proxyd::config
