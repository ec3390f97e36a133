// Goes through the steps of a health check. Pure: it says what it wants, its owner does
// that on a socket and tells what came of it (probe.h).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "proxyd/http/message.h"
#include "proxyd/rules/context.h"
#include "proxyd/upstream/check_step.h"

namespace proxyd::upstream {

class CheckDialogue {
 public:
    // The sequence must outlive the dialogue and connect. `context`: for samples of what is known of the
    // check; its response is filled in here.
    CheckDialogue(const CheckSequence& sequence, rules::Context& context)
        : sequence_(sequence), context_(context) {
        skip();
    }

    // The step that is due, unless there is a result.
    const CheckStep& step() const { return sequence_.steps[at_]; }
    const std::optional<CheckResult>& result() const { return result_; }

    // The step's connection stands (`tls`: with TLS), its bytes are out.
    void connected(bool tls);
    void sent(http::Method asked = http::Method::get) {
        asked_ = asked;
        advance();
    }
    // More from the server; `complete`: it has closed, or no more will be read. Goes on to the next step that
    // is no expectation, or to the result.
    void received(std::string_view bytes, bool complete);

    // The step did not work: what happened, in the words of the log.
    void failed(CheckResult why);
    void timed_out();
    void broke(int error);  // errno of the read that failed

    static constexpr std::size_t kMaxAnswer = 16384;  // what is kept of an answer

 private:
    void advance();
    void skip();
    bool meet_http(bool complete);
    void fail(CheckResult failure);
    bool meet_expectation(bool complete);  // false: it waits, or there is a result
    bool told_all() const;
    void judge(bool complete);
    void fail_expectation(bool matched);
    void pass();
    std::string told(int offset) const;
    int code() const;
    std::size_t number() const;
    std::string place() const;

    std::string comment() const;

    const CheckSequence& sequence_;
    rules::Context& context_;
    http::Method asked_ = http::Method::get;
    int http_status_ = 0;
    std::size_t at_ = 0;
    std::string answer_;  // since the last connect or send
    std::string info_;    // that a judge left
    std::optional<CheckResult> result_;
    bool tls_ = false;
};

}  // namespace proxyd::upstream
