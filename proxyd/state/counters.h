// Counters that workers share. Each worker writes its own cache lines with plain stores; readers add them up.
// Gauges (current, maximum, per second) must be exact for any number of threads and are atomics.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>

#include "common/clock.h"

namespace proxyd::state {

inline constexpr int kMaxWorkers = 64;

// Monotonic counter of one worker: no lock prefix, one writer. reset() may race with add(): the writer wins.
class Count {
 public:
    void add(std::uint64_t n = 1) { value_.store(get() + n, std::memory_order_relaxed); }
    std::uint64_t get() const { return value_.load(std::memory_order_relaxed); }
    void reset() { value_.store(0, std::memory_order_relaxed); }

 private:
    std::atomic<std::uint64_t> value_{0};
};

// How many now and at most (scur / smax); any thread.
class Gauge {
 public:
    std::int64_t enter();  // returns the new value
    void leave() { now_.fetch_sub(1, std::memory_order_relaxed); }
    std::int64_t now() const { return now_.load(std::memory_order_relaxed); }
    std::int64_t max() const { return max_.load(std::memory_order_relaxed); }
    void reset_max() { max_.store(now(), std::memory_order_relaxed); }

 private:
    std::atomic<std::int64_t> now_{0};
    std::atomic<std::int64_t> max_{0};
};

// Events per second over a sliding second (HAProxy's freq_ctr), with its maximum; any thread. The window is
// the part of the previous second that has not slid out yet plus the current second. All of it lies in one
// word, so that no event is lost or counted twice when threads cross a second together. Up to 4 million
// events per second.
class Rate {
 public:
    // Counts some, returns the rate.
    std::uint32_t tick(common::TimePoint now, std::uint32_t count = 1);
    std::uint32_t per_second(common::TimePoint now) const;
    std::uint32_t max() const { return max_.load(std::memory_order_relaxed); }
    void reset_max() { max_.store(0, std::memory_order_relaxed); }

 private:
    std::atomic<std::uint64_t> window_{
        0};  // second modulo 2^20, events of the second before (22 bits), of this one (22)
    std::atomic<std::uint32_t> max_{0};
};

// One worker's share for a frontend, backend, server or listener; names follow the statistics columns
// (HAProxy management guide, 9.1). Not every kind uses every field.
struct alignas(64) Counters {
    Count connections;                                         // frontend: accepted (conn_tot)
    Count sessions;                                            // stot
    Count requests;                                            // req_tot
    Count bytes_in, bytes_out;                                 // bin, bout
    Count denied_requests, denied_responses;                   // dreq, dresp
    Count request_errors, connect_errors, response_errors;     // ereq, econ, eresp
    Count retries, redispatches;                               // wretr, wredis
    std::array<Count, 6> responses;                            // hrsp_other, hrsp_1xx .. hrsp_5xx
    Count client_aborts, server_aborts;                        // cli_abrt, srv_abrt
    Count compressed_in, compressed_out;                       // comp_in, comp_out: bytes of bodies
    Count compressed_responses;                                // comp_rsp
    Count cache_lookups, cache_hits;                           // cache_lookups, cache_hits
    Count chosen;                                              // lbtot
    Count connects, reuses;                                    // connect, reuse
    Count timed, queue_us, connect_us, response_us, total_us;  // for qtime, ctime, rtime, ttime
};

// Counters of all workers; shard(i) is written by worker i only.
class ShardedCounters {
 public:
    explicit ShardedCounters(int workers)
        : shards_(std::make_unique<Counters[]>(static_cast<std::size_t>(workers))), workers_(workers) {}
    Counters& shard(int worker) { return shards_[static_cast<std::size_t>(worker)]; }
    // sum([](const Counters& c) -> const Count& { return c.requests; })
    template <class Pick>
    std::uint64_t sum(Pick pick) const {
        std::uint64_t total = 0;
        for (int i = 0; i < workers_; ++i) total += pick(shards_[static_cast<std::size_t>(i)]).get();
        return total;
    }

 private:
    std::unique_ptr<Counters[]> shards_;
    int workers_;
};

}  // namespace proxyd::state
