// The HTTP side of a health check (option httpchk, http-check send, http-check expect): what to send, and
// what to make of the answer. Compiled once; pure.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/error.h"
#include "proxyd/rules/regex.h"
#include "proxyd/upstream/check_result.h"
#include "proxyd/upstream/settings.h"

namespace proxyd::upstream {

class HttpCheck {
 public:
    // Fails when a status list or an expression cannot be understood.
    static common::Result<HttpCheck> compile(const HttpCheckSettings& settings);

    const std::string& request() const { return request_; }

    // The result as far as it is known from the bytes received so far; nothing: more is needed. `complete`:
    // the server has closed, or no more will be read.
    std::optional<CheckResult> judge(std::string_view received, bool complete) const;

    static constexpr std::size_t kMaxAnswer = 16384;  // read at most this much

 private:
    struct StatusRange {
        int low, high;
    };
    CheckResult judge_status(int status, std::string_view reason) const;
    std::optional<CheckResult> judge_body(int status, std::string_view body, bool complete) const;
    bool looks_at_body() const;

    std::string request_;
    HttpCheckSettings::Expect expect_ = HttpCheckSettings::Expect::good_status;
    bool expect_not_ = false;
    bool disable_on_404_ = false;
    std::vector<StatusRange> statuses_;
    std::optional<rules::Regex> regex_;
    std::string text_;
};

}  // namespace proxyd::upstream
