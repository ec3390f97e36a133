#include "proxyd/upstream/http_check.h"

#include <algorithm>

#include "common/arena.h"
#include "common/text.h"
#include "proxyd/http/body.h"
#include "proxyd/http/h1_parser.h"

namespace proxyd::upstream {

namespace {

using Expect = HttpCheckSettings::Expect;

std::string render_request(const HttpCheckSettings& settings) {
    std::string text = settings.method + " " + settings.uri + " " + settings.version + "\r\n";
    bool has_connection = false;
    for (const auto& [name, value] : settings.headers) {
        const std::string lower = common::to_lower(name);
        // The framing is ours.
        if (lower == "content-length" || lower == "transfer-encoding") continue;
        has_connection |= lower == "connection";
        text += lower + ": " + value + "\r\n";
    }
    if (!has_connection) text += "connection: close\r\n";
    if (!settings.body.empty()) text += "content-length: " + std::to_string(settings.body.size()) + "\r\n";
    return text + "\r\n" + settings.body;
}

CheckResult result(CheckStatus status, int code, std::string_view info = {}) {
    return {status, code, std::string(info)};
}

}  // namespace

common::Result<HttpCheck> HttpCheck::compile(const HttpCheckSettings& settings) {
    HttpCheck check;
    check.request_ = render_request(settings);
    check.expect_ = settings.expect;
    check.expect_not_ = settings.expect_not;
    check.disable_on_404_ = settings.disable_on_404;
    check.text_ = settings.expect_value;
    if (settings.expect == Expect::good_status) check.statuses_ = {{200, 399}};
    if (settings.expect == Expect::status) {
        for (const std::string_view part : common::split(settings.expect_value, ',')) {
            const std::size_t dash = part.find('-');
            const auto low = common::parse_number(common::trim(part.substr(0, dash)), 0, 999);
            const auto high = dash == std::string_view::npos
                                  ? low
                                  : common::parse_number(common::trim(part.substr(dash + 1)), 0, 999);
            if (!low || !high || *low > *high)
                return common::fail("http-check expect status: '" + std::string(part) +
                                        "' is no status and no range of statuses",
                                    common::Side::config);
            check.statuses_.push_back({static_cast<int>(*low), static_cast<int>(*high)});
        }
    }
    if (settings.expect == Expect::rstatus || settings.expect == Expect::rstring) {
        auto regex = rules::Regex::compile(settings.expect_value, false);
        if (!regex) return common::fail("http-check expect: " + regex.error().text, common::Side::config);
        check.regex_ = std::move(*regex);
    }
    return check;
}

bool HttpCheck::looks_at_body() const {
    return expect_ == Expect::string || expect_ == Expect::rstring;
}

std::optional<CheckResult> HttpCheck::judge(std::string_view received, bool complete) const {
    common::Arena arena;
    http::Message message;
    message.arena = &arena;
    http::H1Parser parser;
    http::ParseOptions options;
    options.accept_invalid = true;
    const http::Method method = http::method_id(std::string_view(request_).substr(0, request_.find(' ')));
    parser.start_response(options, method);
    const http::ParseResult head = parser.parse(received, message);
    if (head.status == http::ParseStatus::error) return result(CheckStatus::l7_invalid, 0);
    if (head.status == http::ParseStatus::need_more) {
        if (complete) return result(CheckStatus::l7_invalid, 0);
        return std::nullopt;
    }
    const std::string_view rest = received.substr(head.consumed);
    if (disable_on_404_ && message.status == 404) return result(CheckStatus::l7_conditional, 404);
    if (message.status < 200 && message.status != 101) return judge(rest, complete);
    if (!looks_at_body()) return judge_status(message.status, message.reason);

    std::string body;
    http::BodyRelay relay;
    relay.start(message, http::Framing::until_close);
    const http::BodyProgress progress = relay.decode(rest, [&body](std::string_view run) { body += run; });
    if (progress.status == http::BodyStatus::error) return result(CheckStatus::l7_invalid, 0, progress.error);
    return judge_body(message.status, body, complete || progress.status == http::BodyStatus::done);
}

CheckResult HttpCheck::judge_status(int status, std::string_view reason) const {
    const bool matches = expect_ == Expect::rstatus
                             ? regex_->search(std::to_string(status))
                             : std::ranges::any_of(statuses_, [status](const StatusRange& range) {
                                   return range.low <= status && status <= range.high;
                               });
    return result(matches != expect_not_ ? CheckStatus::l7_ok : CheckStatus::l7_wrong_status, status, reason);
}

std::optional<CheckResult> HttpCheck::judge_body(int status, std::string_view body, bool complete) const {
    const bool matches =
        expect_ == Expect::rstring ? regex_->search(body) : body.find(text_) != std::string_view::npos;
    if (!matches && !complete) return std::nullopt;  // it may still come
    if (matches != expect_not_) return result(CheckStatus::l7_ok, status);
    return result(CheckStatus::l7_invalid, 0,
                  matches ? "HTTP check matched unwanted content" : "HTTP content check did not match");
}

}  // namespace proxyd::upstream
