// A worker is one thread with all it needs: an io_context for coroutines, a reactor for descriptors, buffers,
// deadlines, a mailbox. Nothing outside its thread touches them; post() is the only way in.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>

#include <boost/asio/io_context.hpp>

#include "common/clock.h"
#include "proxyd/net/task.h"

namespace proxyd::net {

class BufferPool;
class Latecomers;
class DeadlineWheel;
class PipePool;
class Reactor;
class Waiter;

// Where a worker says that its loop turns; may lie in memory shared with the master process.
struct Heartbeat {
    std::atomic<std::int64_t> last_turn_ms{0};  // CLOCK_MONOTONIC milliseconds; 0: not running
};

struct WorkerSettings {
    int index = 0;                    // 0-based; also the shard of counters
    std::size_t buffer_size = 16384;  // tune.bufsize, bytes
    std::size_t most_pipes = 0;       // for spliced bodies at a time
    std::size_t pipe_size = 0;        // bytes; 0: as the system has it
    bool busy = false;                // never sleeps in wait of events (busy-polling)
    Heartbeat* heartbeat = nullptr;   // optional; beats at least five times a second
};

class Worker {
 public:
    explicit Worker(const WorkerSettings& settings);
    ~Worker();
    Worker(const Worker&) = delete;
    Worker& operator=(const Worker&) = delete;

    int index() const;
    Executor executor();         // of coroutines
    Reactor& reactor();          // of descriptors
    BufferPool& buffers();       // of tune.bufsize
    BufferPool& bulk_buffers();  // for bodies that flow: eight times as large, few
    PipePool& pipes();           // for bodies that are spliced
    DeadlineWheel& deadlines();
    Latecomers& latecomers();  // of Watch

    common::TimePoint now() const;  // read once per event that the loop hands out
    std::int64_t wall_us() const;   // CLOCK_REALTIME microseconds, same moment

    void run();   // the thread's body; returns after stop(), with all waiting coroutines unwound
    void stop();  // any thread
    void post(std::function<void()> job);  // any thread; runs on the worker's thread

    // Work that is better done once for all events of a loop turn (log lines, writes to a shared target): the
    // hooks run at the end of every turn in which want_turn_end() was called. Worker's thread only.
    void at_turn_end(std::function<void()> hook);
    void want_turn_end();

    // Sets bits in the waiters of this worker (Waiter::kStop): in all, or in one of so many. Worker's thread
    // only.
    void broadcast(std::uint32_t bits, int one_of = 1);

    // Percent of the last pulses' time in which the thread had nothing to do, 0 to 100. Any thread.
    int idle_percent() const;

    static Worker* current();  // the calling thread's worker or nullptr

    // For those who bring events into the loop (sockets, timers): the event's handler begins with an Event,
    // which reads the clock, and at its end resumes the coroutines whose bits were set meanwhile.
    class Event {
     public:
        explicit Event(Worker& worker) : worker_(worker) { worker_.begin_event(); }
        ~Event() { worker_.end_event(); }
        Event(const Event&) = delete;
        Event& operator=(const Event&) = delete;

     private:
        Worker& worker_;
    };

 private:
    friend class Waiter;
    struct Impl;
    void begin_event();
    void end_event();
    void enlist(Waiter& waiter);
    void make_ready(Waiter& waiter);

    std::unique_ptr<Impl> impl_;
};

}  // namespace proxyd::net
