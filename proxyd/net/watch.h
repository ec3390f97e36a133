// Readiness of one connected descriptor, edge-triggered, at the price of one epoll_ctl per connection and
// none per request: what the kernel has told is remembered, and nothing is asked as long as the owner says
// when it has seen its descriptor drained (or full). Where it has not, one look tells. Worker's thread only.
#pragma once

#include "proxyd/net/latecomers.h"
#include "proxyd/net/reactor.h"

namespace proxyd::net {

class Worker;

// Base of what owns a descriptor.
class Watch : private Reactor::Member, private Latecomer {
 public:
    Watch(Worker& worker, int fd);  // takes the descriptor, which must be non-blocking and have no duplicate
    Watch(const Watch&) = delete;
    Watch& operator=(const Watch&) = delete;

    Worker& worker() const { return worker_; }
    int fd() const { return fd_; }  // -1 after close()
    void close();

    // Calls on_ready() for the next time that the direction is ready, or failed; at once when it is so
    // already. Idempotent. Output: only after a call on the descriptor would have blocked, or while it
    // connects.
    void arm_input();
    void arm_output();
    // As arm_input(), but a descriptor that has not been registered yet is spared that for ten to twenty
    // milliseconds: most answers are out by then, and many connections with them.
    void arm_input_late();

    // What the owner's calls have found: nothing to read any more, no room to write to. An edge takes it
    // back. A read that did not fill its buffer has drained the descriptor too; an end that came together
    // with the last bytes was announced with them, and is looked for before each wait.
    void drained() { drained_ = true; }
    void full() { full_ = true; }

 protected:
    ~Watch();
    // Called within a Worker::Event, or from arm_*(): note it, resume later; close nothing, arm nothing.
    virtual void on_ready(bool output) = 0;

 private:
    void on_events(std::uint32_t events) override;
    void join(std::uint32_t events);
    void join_late() override;

    Worker& worker_;
    int fd_;
    bool joined_ = false;          // the reactor's set
    bool output_watched_ = false;  // there, too
    bool input_armed_ = false, output_armed_ = false;
    bool drained_ = false, full_ = false;
    bool end_announced_ = false;  // of the input, or urgent data that ends reads early: no further edge
    bool broken_ = false;         // error or hang-up: the same for the output
};

}  // namespace proxyd::net
