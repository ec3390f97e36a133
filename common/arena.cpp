#include "common/arena.h"

#include <algorithm>
#include <cstring>

namespace common {

std::span<char> Arena::allocate(std::size_t size) {
    if (chunks_.empty() || chunks_.back().size - used_ < size) {
        const std::size_t chunk = std::max(size, chunk_size_);
        chunks_.push_back({std::make_unique_for_overwrite<char[]>(chunk), chunk});
        used_ = 0;
    }
    char* const start = chunks_.back().data.get() + used_;
    used_ += size;
    return {start, size};
}

std::string_view Arena::copy(std::string_view text) {
    return concat({text});
}

std::string_view Arena::concat(std::initializer_list<std::string_view> parts) {
    std::size_t size = 0;
    for (const std::string_view part : parts) size += part.size();
    const std::span<char> room = allocate(size);
    char* out = room.data();
    for (const std::string_view part : parts) {
        if (!part.empty()) std::memcpy(out, part.data(), part.size());
        out += part.size();
    }
    return {room.data(), size};
}

void Arena::give_back(std::size_t size) {
    used_ -= std::min(size, used_);
}

void Arena::reset() {
    // One chunk of the usual size is worth keeping; an oversized one would let a single odd request pin
    // memory.
    if (chunks_.size() > 1) chunks_.erase(chunks_.begin() + 1, chunks_.end());
    if (!chunks_.empty() && chunks_.front().size > chunk_size_) chunks_.clear();
    used_ = 0;
}

void Arena::release() {
    std::vector<Chunk>().swap(chunks_);
    used_ = 0;
}

}  // namespace common
