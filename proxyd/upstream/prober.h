// Runs the health checks of all backends on a thread of its own, so that neither traffic delays checks nor
// checks traffic. Results change the servers' states, tell the backends, and are logged in HAProxy's words.
#pragma once

#include <functional>
#include <memory>
#include <string_view>

#include "proxyd/upstream/backend.h"

namespace proxyd::upstream {

// A message about servers, severity as in RFC 5424; called on the thread of the prober or the resolver.
using HealthLog = std::function<void(int severity, std::string_view text)>;

// The same news for mail: health checks whose outcome is logged (kInformational, less urgent there than in
// the log), servers that come and go. On the prober's thread.
using HealthAlert = HealthLog;

class Prober {
 public:
    // `spread_percent` (global spread-checks, 0..50): how much each interval may vary at random.
    explicit Prober(int spread_percent = 0);
    ~Prober();  // stops
    Prober(const Prober&) = delete;
    Prober& operator=(const Prober&) = delete;

    // Servers with `check`. Before start(); the backend must outlive the prober.
    void add(Backend& backend, HealthLog log, HealthAlert alert = {});
    bool empty() const;
    // First checks are spread over the shortest interval. Main thread.
    void start();
    void stop();

 private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace proxyd::upstream
