#include "proxyd/session/inbox.h"

#include <cstring>
#include <utility>

namespace proxyd::session {

void Inbox::compact(std::size_t to) {
    if (begin_ == to) return;
    if (begin_ != end_) std::memmove(base() + to, base() + begin_, end_ - begin_);
    end_ -= begin_ - to;
    begin_ = to;
}

void Inbox::move_to_stream(net::BufferPool& pool) {
    net::Buffer fresh = pool.take();
    const std::string_view left = data();
    if (!left.empty()) std::memcpy(fresh.data(), left.data(), left.size());
    begin_ = 0;
    end_ = left.size();
    overwritten_ = true;
    stream_ = std::move(fresh);
}

std::span<char> Inbox::room(net::BufferPool& pool) {
    if (!head_) head_ = pool.take();
    if (stream_ || floor_ == 0) {
        overwritten_ |= begin_ > 0;
        compact(0);
    } else {
        if (begin_ == end_ && begin_ != floor_) {
            begin_ = end_ = floor_;
            overwritten_ = true;
        }
        if (head_.size() - end_ < kLeastRoom) move_to_stream(pool);
    }
    const net::Buffer& buffer = stream_ ? stream_ : head_;
    return buffer.span().subspan(end_);
}

bool Inbox::enter_bulk(net::BufferPool& bulk) {
    if (bulk_) return true;
    net::Buffer large = bulk.take();
    if (!large) return false;
    stream_ = std::move(large);
    begin_ = end_ = 0;
    overwritten_ = bulk_ = true;
    return true;
}

void Inbox::leave_bulk() {
    if (!bulk_ || !empty()) return;
    stream_.release();
    begin_ = end_ = floor_;
    bulk_ = false;
}

bool Inbox::rewind() {
    if (overwritten_) return false;
    begin_ = floor_;
    return true;
}

void Inbox::restart() {
    leave_bulk();
    if (stream_) {
        head_ = std::move(stream_);
        stream_.release();
    }
    floor_ = 0;
    overwritten_ = false;
    if (head_) {
        compact(0);
    } else {
        begin_ = end_ = 0;
    }
}

void Inbox::release() {
    head_.release();
    stream_.release();
    begin_ = end_ = floor_ = 0;
    overwritten_ = bulk_ = false;
}

}  // namespace proxyd::session
