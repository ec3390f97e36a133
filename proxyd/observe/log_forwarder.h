// `log-forward` sections at work (configuration manual 3.10): takes syslog messages by UDP and TCP and hands
// them to log targets, on a thread of its own.
#pragma once

#include <memory>

#include "common/error.h"
#include "proxyd/observe/forward_settings.h"
#include "proxyd/observe/log_hub.h"

namespace proxyd::observe {

class LogForwarder {
 public:
    explicit LogForwarder(LogHub& hub);
    ~LogForwarder();  // stops
    LogForwarder(const LogForwarder&) = delete;
    LogForwarder& operator=(const LogForwarder&) = delete;

    // Opens the section's doors and targets, with the privileges of the start.
    common::Result<> add(const ForwardSettings& settings);
    void start();        // main thread; nothing without sections
    void close_doors();  // soft stop: a successor takes over
    void stop();

 private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace proxyd::observe
