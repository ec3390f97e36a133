// Row functions of the tables about kernel load balancing: they check arguments and keep nothing.
#pragma once

#include <algorithm>
#include <array>
#include <string_view>

#include "common/text.h"
#include "vrrpd/config/lvs.h"

namespace vrrpd::config::lvs {

inline constexpr std::int64_t kMaxUnsigned = 4294967295;
inline constexpr double kMaxSeconds = 4294.967295;  // of a connection
inline constexpr double kMaxDelay = 4294967;

inline void flag(Call&, LvsBlock&) {}

inline void text(Call& call, LvsBlock&) {
    (void)call.text();
}

template <std::int64_t Low, std::int64_t High>
void number(Call& call, LvsBlock&) {
    (void)call.number(Low, High);
}

inline void port(Call& call, LvsBlock&) {
    (void)call.number(1, 65535);
}

inline void boolean(Call& call, LvsBlock&) {
    (void)call.boolean();
}

inline void address(Call& call, LvsBlock&) {
    (void)call.address();
}

// More than 0: a wait of 0 would be none.
inline void timer(Call& call, LvsBlock&) {
    (void)call.seconds(0.000001, kMaxSeconds);
}

inline void delay(Call& call, LvsBlock&) {
    (void)call.seconds(0, kMaxDelay);
}

inline void command(Call& call, LvsBlock&) {
    (void)call.command_with_user();
}

// One of the words of `Names`, a constexpr array.
template <const auto& Names>
void one_of(Call& call, LvsBlock&) {
    const auto given = call.text();
    if (!given) return;
    const auto same = [&](std::string_view name) { return common::iequals(name, *given); };
    if (std::ranges::any_of(Names, same)) return;
    std::string all;
    for (const std::string_view name : Names) all += (all.empty() ? "" : ", ") + std::string(name);
    call.warn("'" + *given + "' is not known; expected one of " + all);
}

// Whether the call's block has a line of this keyword with an argument.
inline bool has_line(const Call& call, std::string_view keyword) {
    return std::ranges::any_of(call.statement().block, [&](const Statement& line) {
        return line.name() == keyword && line.words.size() > 1;
    });
}

}  // namespace vrrpd::config::lvs
