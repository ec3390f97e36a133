// One step of a health check: connect, send, expect, and what goes on between (tcp-check, http-check, option
// redis-check and the like; configuration manual 4.2). Values; compiled once when the configuration is read.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/endpoint.h"
#include "proxyd/rules/expression.h"
#include "proxyd/rules/logs/format.h"
#include "proxyd/rules/regex.h"
#include "proxyd/rules/variables.h"
#include "proxyd/upstream/check_result.h"

namespace proxyd::upstream {

struct HttpAsk;
class HttpExpectation;

// set-var, set-var-fmt; neither expression nor format: unset-var.
struct CheckVariable {
    rules::VariableTarget target;
    std::optional<rules::Expression> value;
    rules::LogFormat format;
};

struct CheckStep {
    enum class Kind : unsigned char { connect, send, expect, variable, comment };
    enum class Match : unsigned char { text, regex, binary, binary_regex, judge, http };
    // What a protocol's answer means: nothing, more is needed; status unknown, go on to the next step; else
    // the verdict. `info` that it leaves behind serves if the check passes in the end.
    using Judge = std::optional<CheckResult> (*)(std::string_view received, bool complete);

    Kind kind = Kind::connect;
    std::string comment;

    // connect: where the server line says, unless these do
    common::Endpoint address;
    int port = 0;                                            // 0: as the server line says
    std::shared_ptr<const rules::Expression> computed_port;  // in its place; null: none
    bool tls = false;                                        // besides what the server line says
    bool as_server = true;  // TLS, SNI and PROXY header as for the server line (`default`); else the step's
    std::string sni;        // in place of the server line's
    bool send_proxy = false;
    bool via_socks = false;  // through the SOCKS server of the server line
    bool implicit = false;   // not written: the check is no more than that

    // send
    std::string bytes;
    rules::LogFormat format;   // in their place
    bool hexadecimal = false;  // what the format makes is read as bytes
    std::shared_ptr<const HttpAsk> ask;

    // expect
    Match match = Match::text;
    std::string pattern;              // bytes, or the text of the regex
    rules::LogFormat pattern_format;  // in its place
    std::shared_ptr<const rules::Regex> regex;
    std::shared_ptr<const HttpExpectation> http;
    Judge judge = nullptr;
    bool unwanted = false;  // "!"
    int min_receive = -1;   // bytes from which a missing match is final; -1: it waits for the end
    CheckStatus on_match = CheckStatus::l7_ok;
    CheckStatus on_mismatch = CheckStatus::unknown;  // as fits the match
    CheckStatus on_timeout = CheckStatus::l7_timeout;
    std::string success_info, error_info;           // in place of our own words
    rules::LogFormat success_format, error_format;  // the same over the answer
    std::shared_ptr<const rules::Expression> status_code;
    // The answer tells them itself: its text from this offset on to the end of the line, and the three digits
    // that it begins with.
    int info_offset = -1;
    bool has_code = false;

    std::shared_ptr<const CheckVariable> variable;
};

struct CheckSequence {
    std::vector<CheckStep> steps;  // the first one that is not of Kind::variable or comment connects
    bool own_words = true;         // errors name the step, as for tcp-check; protocols speak for themselves
    bool conditional_404 = false;  // http-check disable-on-404
};

// "connect port 80", "expect string 'x'": how HAProxy names a step in the log.
std::string describe(const CheckStep& step);

}  // namespace proxyd::upstream
