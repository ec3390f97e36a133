// Lines for a descriptor, off the hands of a thread that may not wait: neither for whoever reads them nor for
// a lock in the kernel (of a pipe, of a file) that somebody without a processor holds. They go through a
// socket pair, which takes or refuses at once, to a thread that does the waiting; it has ordinary scheduling
// even where its maker runs in real time (SCHED_RESET_ON_FORK).
#pragma once

#include <chrono>
#include <memory>
#include <string_view>

#include "common/error.h"

namespace common::log {

class LineRelay {
 public:
    static Result<std::unique_ptr<LineRelay>> start();
    // Waits until all is written, but not longer than kPatience: what is left then is lost.
    ~LineRelay();
    LineRelay(const LineRelay&) = delete;
    LineRelay& operator=(const LineRelay&) = delete;

    // False: too many are on their way, this one is lost. `fd` must stay open; what it stands for may be
    // exchanged by dup2(). A line over kLongest bytes is cut.
    bool pass(int fd, std::string_view line);

    static constexpr std::size_t kLongest = 16384;
    static constexpr std::chrono::milliseconds kPatience{1000};

 private:
    struct Writer;
    explicit LineRelay(std::shared_ptr<Writer> writer);
    std::shared_ptr<Writer> writer_;
};

}  // namespace common::log
