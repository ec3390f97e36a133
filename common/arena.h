// Bump allocator for one request's additions: allocation is a pointer move, reset() keeps the memory.
// One thread.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

namespace common {

class Arena {
 public:
    explicit Arena(std::size_t chunk_size = 4096) : chunk_size_(chunk_size) {}
    std::span<char> allocate(std::size_t size);  // unaligned bytes, valid until reset()
    std::string_view copy(std::string_view text);
    std::string_view concat(std::initializer_list<std::string_view> parts);
    void give_back(std::size_t size);  // the unused end of the latest allocate()
    void reset();                      // keeps one chunk
    void release();                    // keeps nothing: an idle connection holds no memory

 private:
    struct Chunk {
        std::unique_ptr<char[]> data;
        std::size_t size;
    };
    std::size_t chunk_size_;
    std::vector<Chunk> chunks_;
    std::size_t used_ = 0;  // of the last chunk
};

}  // namespace common
