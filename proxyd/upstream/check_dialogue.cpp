#include "proxyd/upstream/check_dialogue.h"

#include <algorithm>
#include <system_error>

#include "common/text.h"
#include "proxyd/rules/hexadecimal.h"

namespace proxyd::upstream {

namespace {

using Kind = CheckStep::Kind;
using Match = CheckStep::Match;

constexpr std::string_view kEndOfInfo("\r\n\0", 3);

std::string what(const CheckStep& step) {
    switch (step.match) {
        case Match::regex:
            return " (regex)";
        case Match::binary:
            return " (binary)";
        case Match::binary_regex:
            return " (binary regex)";
        default:
            return " '" + step.pattern + "'";
    }
}

bool matches(const CheckStep& step, std::string_view answer) {
    switch (step.match) {
        case Match::regex:
            return step.regex->search(answer);
        case Match::binary_regex: {
            std::string digits;
            rules::append_hexadecimal(digits, answer);
            return step.regex->search(digits);
        }
        default:
            return answer.find(step.pattern) != std::string_view::npos;
    }
}

}  // namespace

void CheckDialogue::connected(bool tls) {
    tls_ = tls;
    advance();
}

void CheckDialogue::advance() {
    if (++at_ == sequence_.steps.size()) return pass();
    // A former answer is done with when something new is asked.
    if (step().kind != Kind::expect) answer_.clear();
}

void CheckDialogue::received(std::string_view bytes, bool complete) {
    answer_.append(bytes.substr(0, kMaxAnswer - answer_.size()));
    complete |= answer_.size() == kMaxAnswer;
    while (!result_ && step().kind == Kind::expect && meet_expectation(complete)) {
    }
}

bool CheckDialogue::meet_expectation(bool complete) {
    const CheckStep& expectation = step();
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
    const bool matched = matches(expectation, answer_);
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
    if (at_ + 1 == sequence_.steps.size()) return pass();
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
    CheckResult failure{expectation.on_mismatch, code(), expectation.error_info};
    if (failure.info.empty() && expectation.info_offset >= 0) failure.info = told(expectation.info_offset);
    if (failure.info.empty() && sequence_.own_words) {
        failure.info = matched ? "TCPCHK matched unwanted content" : "TCPCHK did not match content";
        failure.info += what(expectation) + " at step " + std::to_string(number());
        if (!expectation.comment.empty()) failure.info += " comment: " + expectation.comment;
    }
    result_ = std::move(failure);
}

// All steps done; the last one says what that is worth.
void CheckDialogue::pass() {
    at_ = sequence_.steps.size() - 1;
    const CheckStep& last = step();
    CheckResult success;
    if (last.kind == Kind::connect) {
        success.status = tls_ ? CheckStatus::l6_ok : CheckStatus::l4_ok;
        if (!last.implicit) success.info = "(tcp-check)";
    } else {
        success.status = last.kind == Kind::expect ? last.on_match : CheckStatus::l7_ok;
        success.code = code();
        success.info = !last.success_info.empty() ? last.success_info
                       : last.info_offset >= 0    ? told(last.info_offset)
                       : sequence_.own_words      ? "(tcp-check)"
                                                  : info_;
    }
    result_ = std::move(success);
}

// Of the step as the operator counts them: what he did not write does not count.
std::size_t CheckDialogue::number() const {
    return sequence_.steps.front().implicit ? at_ : at_ + 1;
}

std::string CheckDialogue::place() const {
    std::string text = " at step " + std::to_string(number()) + " of tcp-check (" + describe(step()) + ")";
    if (!step().comment.empty()) text += " comment: '" + step().comment + "'";
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
