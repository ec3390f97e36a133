#include "proxyd/upstream/probe.h"

#include <array>
#include <system_error>

#include "proxyd/net/worker.h"

namespace proxyd::upstream {

namespace {

using net::IoResult;
using net::Waiter;

CheckResult of_connect(const ConnectOutcome& outcome) {
    const bool in_tls = outcome.step == ConnectOutcome::Step::tls;
    CheckResult result;
    if (outcome.error != 0) result.info = std::generic_category().message(outcome.error);
    switch (outcome.kind) {
        case ConnectOutcome::Kind::timeout:
            result.status = in_tls ? CheckStatus::l6_timeout : CheckStatus::l4_timeout;
            result.info.clear();
            break;
        case ConnectOutcome::Kind::resource:
            result.status = CheckStatus::socket_error;
            break;
        default:
            result.status = in_tls ? CheckStatus::l6_error : CheckStatus::l4_error;
            if (in_tls) result.info = "SSL handshake failure";
            break;
    }
    return result;
}

// Sends the whole request; an empty result when it is out.
net::Task<CheckResult> send(Waiter& waiter, net::Stream& stream, std::string_view request,
                            common::TimePoint deadline) {
    while (!request.empty()) {
        const iovec piece{const_cast<char*>(request.data()), request.size()};
        const IoResult sent = stream.try_write(std::span(&piece, 1));
        if (sent.ok()) {
            request.remove_prefix(sent.count);
            continue;
        }
        if (!sent.would_block()) co_return CheckResult{CheckStatus::l7_invalid, 0, {}};
        stream.arm_write();
        const Waiter::Bits bits = co_await waiter.wait(Waiter::kServerOut, deadline);
        if ((bits & Waiter::kServerOut) == 0) co_return CheckResult{CheckStatus::l7_timeout, 0, {}};
    }
    co_return CheckResult{};
}

net::Task<CheckResult> ask(Waiter& waiter, net::Stream& stream, const HttpCheck& http,
                           common::TimePoint deadline) {
    CheckResult result = co_await send(waiter, stream, http.request(), deadline);
    if (result.status != CheckStatus::unknown) co_return result;
    std::string received;
    std::array<char, 4096> buffer;
    for (;;) {
        const IoResult read = stream.try_read(buffer);
        if (read.would_block()) {
            stream.arm_read();
            const Waiter::Bits bits = co_await waiter.wait(Waiter::kServerIn, deadline);
            if ((bits & Waiter::kServerIn) == 0) co_return CheckResult{CheckStatus::l7_timeout, 0, {}};
            continue;
        }
        if (read.ok()) received.append(buffer.data(), read.count);
        const bool complete = !read.ok() || received.size() >= HttpCheck::kMaxAnswer;
        const auto judged = http.judge(received, complete);
        if (judged) co_return *judged;
        if (complete) co_return CheckResult{CheckStatus::l7_invalid, 0, {}};
    }
}

}  // namespace

net::Task<CheckResult> probe(Waiter& waiter, const ProbePlan& plan) {
    const common::TimePoint start = common::Clock::now();
    const common::TimePoint connect_deadline = start + plan.connect_timeout;
    net::Stream stream;
    ClientWatch nobody;
    CheckResult result;
    const ConnectOutcome outcome = co_await connect(waiter, plan.target, connect_deadline, nobody, stream);
    if (outcome.kind != ConnectOutcome::Kind::connected) {
        result = of_connect(outcome);
    } else if (plan.http == nullptr) {
        result.status = plan.target.tls != nullptr ? CheckStatus::l6_ok : CheckStatus::l4_ok;
        stream.reset();  // leaves no TIME_WAIT behind, and the server knows that nothing will come
    } else {
        const bool own_timeout = plan.answer_timeout > common::Duration::zero();
        const common::TimePoint deadline =
            own_timeout ? waiter.worker().now() + plan.answer_timeout : connect_deadline;
        result = co_await ask(waiter, stream, *plan.http, deadline);
        stream.close();
    }
    result.duration = common::Clock::now() - start;
    co_return result;
}

}  // namespace proxyd::upstream
