// Sends what is in the rings to their servers by TCP or TLS and into their files, on a thread of its own. A
// server that does not answer or is slow misses events that left the ring meanwhile.
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

    // Before start(), with the privileges of the start (certificates are read); the ring outlives this.
    common::Result<> add(Ring& ring);
    void start();  // main thread; nothing without servers and files
    void stop();

 private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace proxyd::observe
