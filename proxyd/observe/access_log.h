// The access log of one section: renders a line per exchange into the worker's batch, which leaves by sendmmsg at the
// end of the loop turn. A slow target drops lines and counts them; traffic never waits. Owner: the observe room.
#pragma once

#include <memory>
#include <string_view>

#include "proxyd/net/worker.h"
#include "proxyd/observe/settings.h"
#include "proxyd/rules/context.h"
#include "proxyd/state/proxy_state.h"

namespace proxyd::observe {

class LogHub;  // the process's open targets: sockets, files; shared by all sections

class AccessLog {
   public:
    AccessLog(const LogSettings& settings, LogHub& hub);
    ~AccessLog();
    // One finished (or, with logasap, begun) exchange; severity 6 (info), 3 (err) with log-separate-errors.
    void write(net::Worker& worker, const rules::Context& context, int severity);
    // Messages that are no exchange ("Server b/s is DOWN ..."); any thread.
    void message(int severity, std::string_view text);
    const LogSettings& settings() const;

   private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace proxyd::observe
