// One step of a health check that is a dialogue: connect, send, expect (tcp-check, option redis-check and the
// like; configuration manual 4.2). Values; compiled once when the configuration is read.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/endpoint.h"
#include "proxyd/rules/regex.h"
#include "proxyd/upstream/check_result.h"

namespace proxyd::upstream {

struct CheckStep {
    enum class Kind : unsigned char { connect, send, expect };
    enum class Match : unsigned char { text, regex, binary, binary_regex, judge };
    // What a protocol's answer means: nothing, more is needed; status unknown, go on to the next step; else
    // the verdict. `info` that it leaves behind serves if the check passes in the end.
    using Judge = std::optional<CheckResult> (*)(std::string_view received, bool complete);

    Kind kind = Kind::connect;
    std::string comment;

    // connect: where the server line says, unless these do
    common::Endpoint address;
    int port = 0;      // 0: as the server line says
    bool tls = false;  // besides what the server line says
    bool send_proxy = false;
    bool implicit = false;  // not written: the check is no more than that

    std::string bytes;  // send

    // expect
    Match match = Match::text;
    std::string pattern;  // bytes, or the text of the regex
    std::shared_ptr<const rules::Regex> regex;
    Judge judge = nullptr;
    bool unwanted = false;  // "!"
    int min_receive = -1;   // bytes from which a missing match is final; -1: it waits for the end
    CheckStatus on_match = CheckStatus::l7_ok;
    CheckStatus on_mismatch = CheckStatus::l7_invalid;
    CheckStatus on_timeout = CheckStatus::l7_timeout;
    std::string success_info, error_info;  // in place of our own words
    // The answer tells them itself: its text from this offset on to the end of the line, and the three digits
    // that it begins with.
    int info_offset = -1;
    bool has_code = false;
};

struct CheckSequence {
    std::vector<CheckStep> steps;  // the first one connects
    bool own_words = true;         // errors name the step, as for tcp-check; protocols speak for themselves
};

// "connect port 80", "expect string 'x'": how HAProxy names a step in the log.
std::string describe(const CheckStep& step);

}  // namespace proxyd::upstream
