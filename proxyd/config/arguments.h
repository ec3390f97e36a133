// Small readers of one argument, and handler templates for rows that only store one: the row names the
// member.
#pragma once

#include <string>

#include "common/text.h"
#include "proxyd/config/reading.h"

namespace proxyd::config {

// Into `value`; false after a complaint with file and line.
bool read_number(Reading& in, const Statement& line, std::size_t index, long low, long high, int& value);
bool read_duration(Reading& in, const Statement& line, std::size_t index, common::Duration& value,
                   common::TimeUnit unit = common::TimeUnit::ms);

// Finds "if" or "unless"; the number of arguments when there is none.
std::size_t find_condition(const Statement& line);

template <bool Global::* member>
void global_flag(Reading& in, const Statement& line) {
    in.model.global.*member = !line.no;
}
template <std::string Global::* member>
void global_text(Reading& in, const Statement& line) {
    in.model.global.*member = line.argument(0);
}
template <int Global::* member, long low, long high>
void global_number(Reading& in, const Statement& line) {
    read_number(in, line, 0, low, high, in.model.global.*member);
}

// "option X", "no option X", "default option X": all of them are off by default.
template <bool session::InheritedSettings::* member>
void proxy_flag(Reading& in, const Statement& line) {
    in.proxy().*member = !line.no && !line.reset;
}
template <bool upstream::BackendSettings::* member>
void backend_flag(Reading& in, const Statement& line) {
    in.proxy().upstream.*member = !line.no && !line.reset;
}
template <bool observe::LogSettings::* member>
void log_flag(Reading& in, const Statement& line) {
    in.proxy().log.*member = !line.no && !line.reset;
}

inline void accept(Reading&, const Statement&) {}  // known, true already, nothing to store

}  // namespace proxyd::config
