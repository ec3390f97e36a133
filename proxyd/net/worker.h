// A worker is one thread with all it needs: an io_context, buffers, deadlines, a mailbox. Nothing outside its
// thread touches them; post() is the only way in.
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
class DeadlineWheel;

// Where a worker says that its loop turns; may lie in memory shared with the master process.
struct Heartbeat {
    std::atomic<std::int64_t> last_turn_ms{0};  // CLOCK_MONOTONIC milliseconds; 0: not running
};

struct WorkerSettings {
    int index = 0;                    // 0-based; also the shard of counters
    std::size_t buffer_size = 16384;  // tune.bufsize, bytes
    Heartbeat* heartbeat = nullptr;   // optional
};

class Worker {
   public:
    explicit Worker(const WorkerSettings& settings);
    ~Worker();
    Worker(const Worker&) = delete;
    Worker& operator=(const Worker&) = delete;

    int index() const;
    boost::asio::io_context& io();
    Executor executor();
    BufferPool& buffers();
    DeadlineWheel& deadlines();

    common::TimePoint now() const;  // read once per loop turn
    std::int64_t wall_us() const;   // CLOCK_REALTIME microseconds, same moment

    void run();   // the thread's body; returns after stop()
    void stop();  // any thread
    void post(std::function<void()> job);         // any thread; runs on the worker's thread
    void at_turn_end(std::function<void()> job);  // registers a hook run at the end of every loop turn

    static Worker* current();  // the calling thread's worker or nullptr

   private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace proxyd::net
