#include "proxyd/upstream/check_dialogue.h"

#include <algorithm>
#include <system_error>

#include "common/text.h"
#include "proxyd/rules/hexadecimal.h"
#include "proxyd/upstream/http_check.h"

namespace proxyd::upstream {

namespace {

using Kind = CheckStep::Kind;
using Match = CheckStep::Match;

constexpr std::string_view kEndOfInfo("\r\n\0", 3);

std::string rendered(const rules::LogFormat& format, const rules::Context& context) {
    std::string text;
    format.render(context, text);
    return text;
}

std::string pattern_of(const CheckStep& step, const rules::Context& context) {
    if (step.pattern_format.empty()) return step.pattern;
    std::string text = rendered(step.pattern_format, context);
    if (step.match != Match::binary) return text;
    return rules::from_hexadecimal(text).value_or(std::string());
}

std::string what(const CheckStep& step, const rules::Context& context) {
    switch (step.match) {
        case Match::regex:
            return " (regex)";
        case Match::binary:
            return " (binary)";
        case Match::binary_regex:
            return " (binary regex)";
        default:
            return " '" + pattern_of(step, context) + "'";
    }
}

// status-code
std::optional<int> told_code(const CheckStep& step, const rules::Context& context) {
    rules::Sample code;
    if (step.status_code == nullptr || !step.status_code->evaluate(context, code) ||
        !rules::cast(code, rules::SampleType::integer, context.arena))
        return std::nullopt;
    return static_cast<int>(code.number);
}

bool matches(const CheckStep& step, std::string_view answer, const rules::Context& context) {
    switch (step.match) {
        case Match::regex:
            return step.regex->search(answer);
        case Match::binary_regex: {
            std::string digits;
            rules::append_hexadecimal(digits, answer);
            return step.regex->search(digits);
        }
        default:
            return answer.contains(pattern_of(step, context));
    }
}

}  // namespace

void CheckDialogue::connected(bool tls) {
    tls_ = tls;
    advance();
}

void CheckDialogue::advance() {
    ++at_;
    skip();
    if (at_ == sequence_.steps.size()) return pass();
    // A former answer is done with when something new is asked.
    if (step().kind != Kind::expect) answer_.clear();
}

// What needs nothing of the server is done on the way.
void CheckDialogue::skip() {
    for (; at_ < sequence_.steps.size(); ++at_) {
        const CheckStep& step = sequence_.steps[at_];
        if (step.kind != Kind::variable && step.kind != Kind::comment) return;
        if (step.variable == nullptr) continue;
        const CheckVariable& variable = *step.variable;
        rules::Sample sample;
        std::string text;
        if (variable.value) {
            if (!variable.value->evaluate(context_, sample)) continue;
        } else if (!variable.format.empty()) {
            text = rendered(variable.format, context_);
            sample.set_text(text);
        } else {
            rules::unset_variable(context_, variable.target.name);
            continue;
        }
        rules::assign_variable(context_, variable.target.name, variable.target.conditions, sample);
    }
}

void CheckDialogue::received(std::string_view bytes, bool complete) {
    answer_.append(bytes.substr(0, kMaxAnswer - answer_.size()));
    complete |= answer_.size() == kMaxAnswer;
    context_.server_data = answer_;
    while (!result_ && step().kind == Kind::expect && meet_expectation(complete)) {
    }
}

bool CheckDialogue::meet_expectation(bool complete) {
    const CheckStep& expectation = step();
    if (expectation.match == Match::http) return meet_http(complete);
    if (complete && answer_.empty()) {
        result_ = {CheckStatus::l7_invalid, 0,
                   "TCPCHK got an empty response at step " + std::to_string(number())};
        return false;
    }
    if (expectation.match == Match::judge) {
        const std::size_t before = at_;
        judge(complete);
        return at_ != before;
    }
    const bool enough =
        expectation.min_receive < 0 || answer_.size() >= static_cast<std::size_t>(expectation.min_receive);
    if (!enough && !complete) return false;
    const bool matched = matches(expectation, answer_, context_);
    if (!matched && !complete && expectation.min_receive < 0) return false;
    const bool failed = matched == expectation.unwanted;
    if (!failed && at_ + 1 < sequence_.steps.size()) {
        advance();
        return true;
    }
    if (!complete && !told_all()) return false;
    failed ? fail_expectation(matched) : pass();
    return false;
}

bool CheckDialogue::meet_http(bool complete) {
    const CheckStep& expectation = step();
    HttpAnswer answer;
    const HttpAnswer::State state = answer.read(answer_, complete, asked_);
    if (state == HttpAnswer::State::partial) return false;
    if (state == HttpAnswer::State::broken) {
        result_ = {CheckStatus::l7_invalid, 0, answer.error};
        return false;
    }
    http_status_ = answer.message.status;
    if (sequence_.conditional_404 && http_status_ == 404) {
        result_ = {CheckStatus::l7_conditional, 404, {}};
        return false;
    }
    context_.response = &answer.message;
    context_.response_body_data = answer.body;
    const std::optional<bool> matched = expectation.http->matches(answer, context_);
    const std::size_t before = at_;
    if (matched && *matched == expectation.unwanted) {
        CheckResult failure{CheckStatus::l7_wrong_status, http_status_, std::string(answer.message.reason)};
        if (expectation.http->looks_at_body())
            failure = {CheckStatus::l7_invalid, 0,
                       *matched ? "HTTP check matched unwanted content" : "HTTP content check did not match"};
        fail(std::move(failure));
    } else if (matched) {
        advance();
    }
    context_.response = nullptr;
    context_.response_body_data = {};
    return at_ != before && !result_;
}

// By what the line says of it, else as `failure` has it.
void CheckDialogue::fail(CheckResult failure) {
    const CheckStep& expectation = step();
    if (!expectation.error_format.empty())
        failure.info = rendered(expectation.error_format, context_);
    else if (const std::string remark = comment(); !remark.empty())
        failure.info += " comment: " + remark;
    if (expectation.on_mismatch != CheckStatus::unknown) failure.status = expectation.on_mismatch;
    failure.code = told_code(expectation, context_).value_or(failure.code);
    result_ = std::move(failure);
}

// Of the step, else the latest `comment` line before it.
std::string CheckDialogue::comment() const {
    if (!step().comment.empty()) return step().comment;
    for (std::size_t i = at_; i-- > 0;)
        if (sequence_.steps[i].kind == Kind::comment) return sequence_.steps[i].comment;
    return {};
}

// What the answer itself says goes into the log whole, however it was cut on its way.
bool CheckDialogue::told_all() const {
    const int offset = step().info_offset;
    return offset < 0 || std::string_view(answer_).find_first_of(
                             kEndOfInfo, static_cast<std::size_t>(offset)) != std::string_view::npos;
}

void CheckDialogue::judge(bool complete) {
    std::optional<CheckResult> verdict = step().judge(answer_, complete);
    if (!verdict) return;
    if (verdict->status != CheckStatus::unknown) {
        result_ = std::move(verdict);
        return;
    }
    if (!verdict->info.empty()) info_ = std::move(verdict->info);
    advance();
}

// The status text of an answer in lines: from `offset` to the end of its line.
std::string CheckDialogue::told(int offset) const {
    const std::string_view answer = answer_;
    const std::string_view rest = answer.substr(std::min(answer.size(), static_cast<std::size_t>(offset)));
    return std::string(common::trim(rest.substr(0, rest.find_first_of(kEndOfInfo))));
}

int CheckDialogue::code() const {
    const auto number = common::parse_number(std::string_view(answer_).substr(0, 3), 0, 999);
    return step().has_code && number ? static_cast<int>(*number) : 0;
}

void CheckDialogue::fail_expectation(bool matched) {
    const CheckStep& expectation = step();
    CheckResult failure{CheckStatus::l7_invalid, code(), expectation.error_info};
    if (failure.info.empty() && expectation.info_offset >= 0) failure.info = told(expectation.info_offset);
    if (failure.info.empty() && sequence_.own_words) {
        failure.info = matched ? "TCPCHK matched unwanted content" : "TCPCHK did not match content";
        failure.info += what(expectation, context_) + " at step " + std::to_string(number());
    }
    fail(std::move(failure));
}

// All steps done; the last one says what that is worth.
void CheckDialogue::pass() {
    at_ = sequence_.steps.size() - 1;
    while (step().kind == Kind::variable || step().kind == Kind::comment) --at_;
    const CheckStep& last = step();
    CheckResult success;
    if (last.kind == Kind::connect) {
        success.status = tls_ ? CheckStatus::l6_ok : CheckStatus::l4_ok;
        if (!last.implicit) success.info = "(tcp-check)";
    } else {
        success.status = last.kind == Kind::expect ? last.on_match : CheckStatus::l7_ok;
        success.code = last.match == Match::http ? http_status_ : code();
        success.info = !last.success_info.empty() ? last.success_info
                       : last.info_offset >= 0    ? told(last.info_offset)
                       : sequence_.own_words      ? "(tcp-check)"
                                                  : info_;
        if (!last.success_format.empty()) success.info = rendered(last.success_format, context_);
        success.code = told_code(last, context_).value_or(success.code);
    }
    result_ = std::move(success);
}

// Of the step as the operator counts them: what he did not write does not count.
std::size_t CheckDialogue::number() const {
    return sequence_.steps.front().implicit ? at_ : at_ + 1;
}

std::string CheckDialogue::place() const {
    std::string text = " at step " + std::to_string(number()) + " of tcp-check (" + describe(step()) + ")";
    if (const std::string remark = comment(); !remark.empty()) text += " comment: '" + remark + "'";
    return text;
}

void CheckDialogue::failed(CheckResult why) {
    if (sequence_.own_words && !step().implicit) why.info += place();
    result_ = std::move(why);
}

void CheckDialogue::timed_out() {
    failed({step().kind == Kind::expect ? step().on_timeout : CheckStatus::l7_timeout, 0, {}});
}

// An answer that was cut off by a reset is still an answer.
void CheckDialogue::broke(int error) {
    if (!answer_.empty()) return received({}, true);
    failed({CheckStatus::socket_error, 0, std::generic_category().message(error)});
}

}  // namespace proxyd::upstream
