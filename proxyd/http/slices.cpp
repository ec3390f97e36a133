#include "proxyd/http/slices.h"

#include <algorithm>
#include <cassert>

namespace proxyd::http {

void Slices::add(std::string_view piece) {
    if (piece.empty()) return;
    bytes_ += piece.size();
    if (end_ > begin_) {
        iovec& last = pieces_[end_ - 1];
        if (static_cast<const char*>(last.iov_base) + last.iov_len == piece.data()) {
            last.iov_len += piece.size();
            return;
        }
    }
    assert(end_ < kCapacity);
    pieces_[end_++] = {const_cast<char*>(piece.data()), piece.size()};
}

void Slices::drop(std::size_t count) {
    assert(count <= bytes_);
    bytes_ -= count;
    while (count > 0) {
        iovec& first = pieces_[begin_];
        const std::size_t part = std::min(count, first.iov_len);
        first.iov_base = static_cast<char*>(first.iov_base) + part;
        first.iov_len -= part;
        count -= part;
        if (first.iov_len == 0) ++begin_;
    }
    if (bytes_ == 0) clear();
}

}  // namespace proxyd::http
