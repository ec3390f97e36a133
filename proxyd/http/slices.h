// Output as a gathered write takes it: a bounded list of pieces that point into buffers, arenas or constants.
// The memory behind a piece must stay until it is written or the list is cleared.
#pragma once

#include <sys/uio.h>

#include <array>
#include <cstddef>
#include <span>
#include <string_view>

namespace proxyd::http {

class Slices {
 public:
    static constexpr std::size_t kCapacity = 128;

    // Appends a piece; an empty one is ignored, one that continues the last piece in memory extends it.
    // Precondition: room() > 0 (checked by the writers of this room before each step).
    void add(std::string_view piece);

    std::size_t room() const { return kCapacity - end_; }
    bool empty() const { return bytes_ == 0; }
    std::size_t bytes() const { return bytes_; }
    std::span<const iovec> pieces() const { return std::span(pieces_).subspan(begin_, end_ - begin_); }

    void drop(std::size_t count);  // the first `count` bytes were written; count <= bytes()
    void clear() { begin_ = end_ = bytes_ = 0; }

 private:
    std::array<iovec, kCapacity> pieces_;
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
    std::size_t bytes_ = 0;
};

}  // namespace proxyd::http
