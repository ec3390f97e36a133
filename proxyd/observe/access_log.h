// The access log of one section: renders a line per exchange into the worker's batch, which leaves by
// sendmmsg at the end of the loop turn. A slow target drops lines and counts them; traffic never waits.
// Owner: the observe room.
#pragma once

#include <memory>
#include <string_view>

#include "proxyd/net/worker.h"
#include "proxyd/observe/log_hub.h"
#include "proxyd/observe/settings.h"
#include "proxyd/rules/context.h"
#include "proxyd/rules/log_profile.h"
#include "proxyd/rules/step_log.h"
#include "proxyd/state/proxy_state.h"

namespace proxyd::observe {

class AccessLog final : public rules::StepLog {
 public:
    AccessLog(const LogSettings& settings, LogHub& hub);
    ~AccessLog() override;
    // One finished (or, with logasap, begun) exchange; the worker's own thread. Applies dontlog-normal, the
    // severity that log-separate-errors asks for and the level that rules set (context.log_level).
    void write(net::Worker& worker, rules::Context& context);
    // The same with a severity that log-separate-errors does not change.
    void write(net::Worker& worker, rules::Context& context, int severity);
    // The same with error_format, or "IP:PORT [DATE] FRONTEND/LISTENER: MESSAGE" without one: handshakes that
    // failed.
    void write_error(net::Worker& worker, rules::Context& context, int severity, std::string_view message);
    // log-steps: a line of that moment, where the section wants one.
    bool wants(rules::LogStep step) const { return (steps_ & 1U << static_cast<unsigned>(step)) != 0; }
    void write_step(net::Worker& worker, rules::Context& context, rules::LogStep step);
    // do-log.
    void write_at(rules::Phase phase, const rules::LogProfile* profile, rules::Context& context) override;
    // Messages that are no exchange ("Server b/s is DOWN ..."); any thread.
    void message(int severity, std::string_view text);
    const LogSettings& settings() const;

 private:
    unsigned steps_;
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace proxyd::observe
