// The doors of one worker: accepts connections on its listening sockets and runs a session for each.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "common/unique_fd.h"
#include "proxyd/net/worker.h"
#include "proxyd/session/runtime.h"

namespace proxyd::session {

class ExchangePool;

class Entrance {
 public:
    // `runtime` must be complete but for Runtime::entrances and outlive this; sessions that still run when
    // the worker ends are unwound by the worker, so destroy the Entrance after Worker::run() has returned.
    Entrance(Runtime& runtime, net::Worker& worker);
    ~Entrance();
    Entrance(const Entrance&) = delete;
    Entrance& operator=(const Entrance&) = delete;

    // Begins to accept on a listening socket of proxies[proxy]->binds[bind]. The worker's thread, or before
    // it runs.
    void open(int proxy, int bind, common::UniqueFd socket);
    // Soft stop (Runtime::stopping is set already): closes the listening sockets and ends idle connections,
    // all or one of so many. The worker's thread. Sessions are gone when ProcessState::connections is 0.
    void stop(int one_of = 1);
    // Closes the listening sockets of one proxy.
    void close(int proxy);
    // A connection slot of the process or of a frontend is free again. The worker's thread.
    void resume();

    // Counts a connection out and wakes listeners that wait, on all workers.
    static void connection_ended(Runtime& runtime);

    Runtime& runtime() const { return runtime_; }
    net::Worker& worker() const { return worker_; }
    ExchangePool& exchanges() const { return *exchanges_; }
    // A number that no other exchange of the process has (%rt): each worker counts in a row of its own, so
    // that none is shared. The worker's thread.
    std::uint64_t next_number() {
        return numbers_++ * static_cast<std::uint64_t>(runtime_.state->workers) +
               static_cast<std::uint64_t>(worker_.index());
    }
    // Whether to look for a request at the accept. Where clients' requests mostly come later (a read in vain,
    // and then a wait), only now and then. The worker's thread.
    bool looks_early() { return in_vain_ < kInVain || ++passed_ % kNowAndThen == 0; }
    void looked_early(bool found) { in_vain_ = found ? 0 : in_vain_ + 1; }

 private:
    class Door;
    static constexpr unsigned kInVain = 4, kNowAndThen = 8;
    Runtime& runtime_;
    net::Worker& worker_;
    std::unique_ptr<ExchangePool> exchanges_;
    std::vector<std::unique_ptr<Door>> doors_;
    std::uint64_t numbers_ = 0;
    unsigned in_vain_ = 0;  // looks in a row
    unsigned passed_ = 0;
};

}  // namespace proxyd::session
