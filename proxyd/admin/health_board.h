// What the process that serves writes down about itself for whoever speaks to the keeper: the same process,
// or the master that forked it. Lies in memory that both share, so it is all atomics of fixed size; the names
// of the backends are in the model, which both have.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "common/control/protocol.h"
#include "common/error.h"
#include "proxyd/net/worker.h"
#include "proxyd/state/counters.h"

namespace proxyd::admin {

// CLOCK_MONOTONIC milliseconds, the unit of all heartbeats; alike in every process.
std::int64_t monotonic_ms();

class HealthBoard {
 public:
    struct Backend {
        std::atomic<std::uint32_t> usable{0};
        std::atomic<std::uint32_t> total{0};
    };

    // In anonymous shared memory, all zero but for the sizes. Unmapped with the last owner in each process.
    static common::Result<std::shared_ptr<HealthBoard>> create(int workers, std::size_t backends);

    std::atomic<common::control::ProxyState> state{common::control::ProxyState::starting};
    std::atomic<std::uint32_t> listeners_up{0};
    std::atomic<std::uint32_t> listeners_total{0};
    net::Heartbeat main_thread;  // beats every 20 ms: a stopped process is seen by this

    int workers() const { return workers_; }
    std::size_t backends() const { return backends_; }
    net::Heartbeat& worker(int index) { return heartbeats_[static_cast<std::size_t>(index)]; }
    const net::Heartbeat& worker(int index) const { return heartbeats_[static_cast<std::size_t>(index)]; }
    Backend& backend(std::size_t index) { return slots()[index]; }
    const Backend& backend(std::size_t index) const { return const_cast<HealthBoard*>(this)->slots()[index]; }

    // The keeper's last word, as one line of the control protocol, for the statistics page of the process
    // that serves. Longer texts are not kept. One writer, any readers.
    void set_role(std::string_view text);
    std::string role() const;

 private:
    HealthBoard(int workers, std::size_t backends) : workers_(workers), backends_(backends) {}
    Backend* slots() { return reinterpret_cast<Backend*>(this + 1); }

    static constexpr std::size_t kRoleWords = 1024;  // 8 KiB

    int workers_;
    std::size_t backends_;
    std::array<net::Heartbeat, state::kMaxWorkers> heartbeats_;
    std::atomic<std::uint32_t> role_sequence_{0};  // odd: being written
    std::atomic<std::uint32_t> role_size_{0};
    std::array<std::atomic<std::uint64_t>, kRoleWords> role_{};
};

}  // namespace proxyd::admin
