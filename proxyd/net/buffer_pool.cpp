#include "proxyd/net/buffer_pool.h"

#include <new>

namespace proxyd::net {

BufferPool::~BufferPool() {
    while (Block* block = free_) {
        free_ = block->next;
        ::operator delete(block);
    }
}

Buffer BufferPool::take() {
    if (in_use_ == most_used_) return {};
    ++in_use_;
    if (Block* block = free_) {
        free_ = block->next;
        --free_count_;
        return Buffer(this, reinterpret_cast<char*>(block));
    }
    return Buffer(this, static_cast<char*>(::operator new(buffer_size_)));
}

void BufferPool::give_back(char* data) {
    --in_use_;
    if (free_count_ >= most_free_) {
        ::operator delete(data);
        return;
    }
    free_ = new (data) Block{free_};
    ++free_count_;
}

}  // namespace proxyd::net
