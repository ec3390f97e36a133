// Kernel pipes that carry bytes from one socket to another without their passing through our memory
// (splice(2)). One worker's thread only.
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

#include "common/unique_fd.h"

namespace proxyd::net {

class PipePool;

// A pipe, or none. Goes back to its pool with its end; what is in it is lost.
class Pipe {
 public:
    Pipe() = default;
    Pipe(Pipe&& other) noexcept { *this = std::move(other); }
    Pipe& operator=(Pipe&& other) noexcept;
    ~Pipe() { release(); }

    explicit operator bool() const { return pool_ != nullptr; }
    bool empty() const { return fill_ == 0; }
    void release();

 private:
    friend class PipePool;
    friend class Stream;
    PipePool* pool_ = nullptr;
    common::UniqueFd in_, out_;
    std::size_t fill_ = 0;  // bytes
};

// Pipes of one worker, reused when they come back empty. Bounded: each holds the memory of what is in it, and
// two descriptors.
class PipePool {
 public:
    static constexpr std::size_t kMostFree = 16;
    // `size`: bytes that each shall hold; 0: as the system has it. `most`: pipes at once; 0: none.
    PipePool(std::size_t size, std::size_t most) : size_(size), most_(most) {}
    PipePool(const PipePool&) = delete;
    PipePool& operator=(const PipePool&) = delete;

    Pipe take();  // none when `most` are out, or the system gives none

 private:
    friend class Pipe;
    struct Ends {
        common::UniqueFd in, out;
    };
    const std::size_t size_, most_;
    std::size_t used_ = 0;
    std::vector<Ends> free_;
};

}  // namespace proxyd::net
