// Runs the health checks of all backends on a thread of its own, so that neither traffic delays checks nor
// checks traffic. Results change the servers' states, tell the backends, and are logged in HAProxy's words.
#pragma once

#include <functional>
#include <memory>
#include <string_view>

#include "proxyd/upstream/backend.h"

namespace proxyd::upstream {

// So that checks do not all come at once (configuration manual 3.2).
struct CheckSpread {
    int percent = 0;                    // spread-checks, 0..50: how much each interval may vary at random
    common::Duration longest_start{0};  // max-spread-checks: time until all have had their first; 0: inter
};

// The same news for mail: health checks whose outcome is logged (kInformational, less urgent there than in
// the log), servers that come and go. On the prober's thread.
using HealthAlert = HealthLog;

class Prober {
 public:
    explicit Prober(CheckSpread spread = {});
    ~Prober();  // stops
    Prober(const Prober&) = delete;
    Prober& operator=(const Prober&) = delete;

    // Servers with `check`. Before start(); the backend must outlive the prober.
    void add(Backend& backend, HealthLog log, HealthAlert alert = {});
    bool empty() const;
    // For external checks, if there are any. After all add(), before any thread and the loss of privileges.
    common::Result<> fork_helper();
    // First checks are spread over the shortest interval. Main thread.
    void start();
    void stop();

 private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace proxyd::upstream
