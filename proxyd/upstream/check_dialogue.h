// Goes through the steps of a health check that is a dialogue. Pure: it says what it wants, its owner does
// that on a socket and tells what came of it (probe.h).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "proxyd/upstream/check_step.h"

namespace proxyd::upstream {

class CheckDialogue {
 public:
    // The sequence must outlive the dialogue and not be empty.
    explicit CheckDialogue(const CheckSequence& sequence) : sequence_(sequence) {}

    // The step that is due, unless there is a result.
    const CheckStep& step() const { return sequence_.steps[at_]; }
    const std::optional<CheckResult>& result() const { return result_; }

    // The step's connection stands (`tls`: with TLS), its bytes are out.
    void connected(bool tls);
    void sent() { advance(); }
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
    bool meet_expectation(bool complete);  // false: it waits, or there is a result
    bool told_all() const;
    void judge(bool complete);
    void fail_expectation(bool matched);
    void pass();
    std::string told(int offset) const;
    int code() const;
    std::size_t number() const;
    std::string place() const;

    const CheckSequence& sequence_;
    std::size_t at_ = 0;
    std::string answer_;  // since the last connect or send
    std::string info_;    // that a judge left
    std::optional<CheckResult> result_;
    bool tls_ = false;
};

}  // namespace proxyd::upstream
