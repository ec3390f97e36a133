// Sends what is in the rings to their servers by TCP, on a thread of its own. A server that does not answer
// or is slow misses events that left the ring meanwhile.
#pragma once

#include <memory>

#include "proxyd/observe/ring.h"

namespace proxyd::observe {

class RingForwarder {
 public:
    RingForwarder();
    ~RingForwarder();  // stops
    RingForwarder(const RingForwarder&) = delete;
    RingForwarder& operator=(const RingForwarder&) = delete;

    // Before start(); the ring outlives this.
    void add(Ring& ring);
    void start();  // main thread; nothing without servers
    void stop();

 private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace proxyd::observe
