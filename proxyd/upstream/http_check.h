// The HTTP side of a health check (option httpchk, http-check): what to send, and what to make of the answer.
// Compiled once; pure.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/arena.h"
#include "common/error.h"
#include "proxyd/http/message.h"
#include "proxyd/rules/logs/format.h"
#include "proxyd/rules/regex.h"
#include "proxyd/upstream/check_step.h"
#include "proxyd/upstream/settings.h"

namespace proxyd::upstream {

// A request. What is empty comes from option httpchk, or is HAProxy's: OPTIONS / HTTP/1.0.
struct HttpAsk {
    std::string method, uri, version;
    rules::LogFormat uri_format;  // in place of uri
    std::vector<std::pair<std::string, rules::LogFormat>> fields;
    std::string body;
    rules::LogFormat body_format;  // in place of body
    bool tells_state = false;      // http-check send-state

    http::Method method_id() const { return http::method_id(method); }
    // The whole request. Fields that frame the body are ours. `state`: what send-state tells.
    std::string render(const rules::Context& context, std::string_view state) const;
};

// An answer, as far as it is here.
class HttpAnswer {
 public:
    enum class State : unsigned char { partial, read, broken };
    // Interim responses are passed over. `complete`: the server has closed, or no more will be read.
    State read(std::string_view received, bool complete, http::Method asked);

    http::Message message;
    std::string body;  // decoded, as far as it is here
    bool body_complete = false;
    const char* error = "";  // of State::broken

 private:
    common::Arena arena_;
};

// How a text of `http-check expect hdr` is compared.
struct TextPattern {
    enum class How : unsigned char { exact, beginning, end, part, regex } how = How::exact;
    std::string text;
    rules::LogFormat format;  // in place of text
    std::shared_ptr<const rules::Regex> regex;

    bool matches(std::string_view subject, bool ignore_case, const rules::Context& context) const;
};

// The match of one `http-check expect`.
class HttpExpectation {
 public:
    enum class Kind : unsigned char { status, rstatus, string, rstring, header, whole_header };

    // kinds but header. Fails when a list of statuses or a regular expression cannot be understood.
    static common::Result<HttpExpectation> compile(Kind kind, const std::string& value);
    static HttpExpectation format(rules::LogFormat text);  // of the body
    static HttpExpectation header(TextPattern name, std::optional<TextPattern> value, bool whole);

    // Nothing: it may still come.
    std::optional<bool> matches(const HttpAnswer& answer, const rules::Context& context) const;
    bool looks_at_body() const { return kind_ == Kind::string || kind_ == Kind::rstring; }

 private:
    struct StatusRange {
        int low, high;
    };
    bool has_header(const http::Message& message, const rules::Context& context) const;

    Kind kind_ = Kind::status;
    std::vector<StatusRange> statuses_;
    std::shared_ptr<const rules::Regex> regex_;
    std::string text_;
    rules::LogFormat format_;
    TextPattern name_;
    std::optional<TextPattern> value_;
};

// The steps of a check by `option httpchk` and the http-check lines, with what nobody wrote: the connection,
// the request of the option, that 2xx and 3xx are fine.
CheckSequence http_sequence(const HttpCheckSettings& settings);

}  // namespace proxyd::upstream
