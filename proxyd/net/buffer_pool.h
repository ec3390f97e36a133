// Fixed-size buffers of one worker, recycled. Taking and giving back are pointer moves; the pool keeps a
// bounded number of free ones. Worker's thread only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>

namespace proxyd::net {

class BufferPool;

// Owns one block, or nothing.
class Buffer {
 public:
    Buffer() = default;
    Buffer(Buffer&& other) noexcept
        : pool_(std::exchange(other.pool_, nullptr)), data_(std::exchange(other.data_, nullptr)) {}
    Buffer& operator=(Buffer&& other) noexcept {
        std::swap(pool_, other.pool_);
        std::swap(data_, other.data_);
        return *this;
    }
    ~Buffer() { release(); }

    explicit operator bool() const { return data_ != nullptr; }
    char* data() const { return data_; }
    std::size_t size() const;
    std::span<char> span() const { return {data_, size()}; }
    void release();

 private:
    friend class BufferPool;
    Buffer(BufferPool* pool, char* data) : pool_(pool), data_(data) {}
    BufferPool* pool_ = nullptr;
    char* data_ = nullptr;
};

class BufferPool {
 public:
    // `most_free` bounds the memory of an idle worker, `most_used` that of a busy one.
    BufferPool(std::size_t buffer_size, std::size_t most_free, std::size_t most_used = SIZE_MAX)
        : buffer_size_(buffer_size < sizeof(Block) ? sizeof(Block) : buffer_size),
          most_free_(most_free),
          most_used_(most_used) {}
    ~BufferPool();
    BufferPool(const BufferPool&) = delete;
    BufferPool& operator=(const BufferPool&) = delete;

    Buffer take();  // an empty one when `most_used` are out
    std::size_t buffer_size() const { return buffer_size_; }
    std::size_t in_use() const { return in_use_; }

 private:
    friend class Buffer;
    struct Block {
        Block* next;
    };
    void give_back(char* data);

    const std::size_t buffer_size_, most_free_, most_used_;
    Block* free_ = nullptr;
    std::size_t free_count_ = 0;
    std::size_t in_use_ = 0;
};

inline std::size_t Buffer::size() const {
    return pool_ ? pool_->buffer_size() : 0;
}

inline void Buffer::release() {
    if (data_) pool_->give_back(std::exchange(data_, nullptr));
    pool_ = nullptr;
}

}  // namespace proxyd::net
