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
#include "proxyd/state/proxy_state.h"

namespace proxyd::observe {

class AccessLog {
 public:
    AccessLog(const LogSettings& settings, LogHub& hub);
    ~AccessLog();
    // One finished (or, with logasap, begun) exchange; the worker's own thread. Applies dontlog-normal, the
    // severity that log-separate-errors asks for and the level that rules set (context.log_level).
    void write(net::Worker& worker, rules::Context& context);
    // The same with a severity that log-separate-errors does not change.
    void write(net::Worker& worker, rules::Context& context, int severity);
    // The same with error_format, or "IP:PORT [DATE] FRONTEND/LISTENER: MESSAGE" without one: handshakes that
    // failed.
    void write_error(net::Worker& worker, rules::Context& context, int severity, std::string_view message);
    // Messages that are no exchange ("Server b/s is DOWN ..."); any thread.
    void message(int severity, std::string_view text);
    const LogSettings& settings() const;

 private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace proxyd::observe
