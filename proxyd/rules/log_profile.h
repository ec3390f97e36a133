// `log-profile` sections, `log-steps` (configuration manual of HAProxy 3.1, 8.3.5 and 4.2): what is logged at
// which moment of an exchange, and how the line looks.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <string_view>

#include "common/diagnostics.h"
#include "proxyd/rules/logs/format.h"
#include "proxyd/rules/rule_set.h"

namespace proxyd::rules {

enum class LogStep : unsigned char {
    accept,    // the connection is taken
    request,   // the request is there, rules have run
    connect,   // the server's connection is made
    response,  // the response's head is there, rules have run
    close,     // the end, where a line is written as ever
    error,     // a connection that failed before there was a request
    any,       // all that have no words of their own
    // do-log, by the rules that say it
    tcp_connection,
    tcp_session,
    tcp_content,
    tcp_response,
    http_request,
    http_response,
    http_after_response
};
inline constexpr std::size_t kLogSteps = 14;

struct LogStepRow {
    std::string_view name;
    LogStep step;
    bool selectable;  // by log-steps
};
inline constexpr std::array kLogStepRows{
    LogStepRow{"accept", LogStep::accept, true},
    LogStepRow{"request", LogStep::request, true},
    LogStepRow{"connect", LogStep::connect, true},
    LogStepRow{"response", LogStep::response, true},
    LogStepRow{"close", LogStep::close, true},
    LogStepRow{"error", LogStep::error, false},
    LogStepRow{"any", LogStep::any, false},
    LogStepRow{"tcp-req-conn", LogStep::tcp_connection, false},
    LogStepRow{"tcp-req-sess", LogStep::tcp_session, false},
    LogStepRow{"tcp-req-cont", LogStep::tcp_content, false},
    LogStepRow{"tcp-res-cont", LogStep::tcp_response, false},
    LogStepRow{"http-req", LogStep::http_request, false},
    LogStepRow{"http-res", LogStep::http_response, false},
    LogStepRow{"http-after-res", LogStep::http_after_response, false},
};

constexpr LogStep step_of(Phase phase) {
    constexpr std::array kSteps{LogStep::http_request,   LogStep::http_response, LogStep::http_after_response,
                                LogStep::tcp_connection, LogStep::tcp_session,   LogStep::tcp_content,
                                LogStep::tcp_response};
    return kSteps[static_cast<std::size_t>(phase)];
}

struct LogProfile {
    // `on <step>`; a text that is not given is the proxy's own.
    struct On {
        common::Location where;  // line 0: nothing is said of this step
        bool drop = false;
        bool has_format = false, has_data = false;
        LogFormat format, data;  // data: structured data of RFC 5424
    };
    common::Location where;      // line 0: named, but not declared
    common::Location mentioned;  // by a line
    std::string name, tag;       // tag empty: the proxy's
    std::array<On, kLogSteps> steps;

    const On& at(LogStep step) const {
        const On& own = steps[static_cast<std::size_t>(step)];
        return own.where.line != 0 ? own : steps[static_cast<std::size_t>(LogStep::any)];
    }
};

}  // namespace proxyd::rules
