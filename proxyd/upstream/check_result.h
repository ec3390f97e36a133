// What a health check found out, and how HAProxy names it (management manual 9.1, check_status).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "common/clock.h"

namespace proxyd::upstream {

enum class CheckStatus : unsigned char {
    unknown,
    socket_error,
    l4_ok,
    l4_timeout,
    l4_error,
    l6_ok,
    l6_timeout,
    l6_error,
    l7_ok,
    no_change,       // of an agent that says nothing about health
    l7_conditional,  // http-check disable-on-404
    l7_timeout,
    l7_invalid,
    l7_wrong_status,
    resolution_failed,
    analyzed,  // what sessions saw (observe)
    program_ok,
    program_error,
    program_timeout
};

struct CheckResult {
    CheckStatus status = CheckStatus::unknown;
    int code = 0;      // HTTP status, 0 without
    std::string info;  // "Connection refused", "Internal Server Error"; may be empty
    common::Duration duration{0};
};

bool passed(CheckStatus status);
std::string_view short_name(CheckStatus status);   // "L4CON"
std::string_view description(CheckStatus status);  // "Layer4 connection problem"

// `reason: Layer7 wrong status, code: 500, info: "Oops", check duration: 3ms`
std::string reason(const CheckResult& result);

}  // namespace proxyd::upstream
