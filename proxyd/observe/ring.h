// A bounded buffer of log lines (configuration manual 3.9): the latest stay, the oldest leave. Writers never
// wait; a reader that is too slow misses some.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>

#include "proxyd/observe/ring_settings.h"

namespace proxyd::observe {

class Ring {
 public:
    explicit Ring(const RingSettings& settings) : settings_(settings) {}

    const RingSettings& settings() const { return settings_; }

    // Any thread. A line without its end, cut to the section's `maxlen`.
    void write(std::string_view line);
    // The number of the next event to be written: where a reader begins that wants new ones only.
    std::uint64_t end() const;
    // Calls with events from number `from` on, as long as `use` returns true; returns the number to go on
    // with and adds those that had left already to `missed`. Under the lock: be short.
    std::uint64_t read(std::uint64_t from, std::uint64_t& missed,
                       const std::function<bool(std::string_view)>& use) const;
    void on_write(std::function<void()> wake);  // before others write

 private:
    const RingSettings settings_;
    mutable std::mutex mutex_;
    std::deque<std::string> events_;
    std::uint64_t first_ = 0;  // number of the oldest one
    std::size_t bytes_ = 0;
    std::function<void()> wake_;
};

}  // namespace proxyd::observe
