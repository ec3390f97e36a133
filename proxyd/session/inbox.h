// Received bytes of one connection: the head of a message, which stays where it is while views point into it,
// and the body behind it, which streams. Takes buffers from the worker's pool when bytes are to come, and
// holds none when idle.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

#include "proxyd/net/buffer_pool.h"

namespace proxyd::session {

class Inbox {
 public:
    // What has arrived and is not consumed. Stays at its address until room() is called after consume().
    std::string_view data() const { return {base() + begin_, end_ - begin_}; }
    bool empty() const { return begin_ == end_; }
    void consume(std::size_t count) { begin_ += count; }

    // Where to read to; empty when the buffer is full. Views into consumed bytes behind the head become
    // invalid.
    std::span<char> room(net::BufferPool& pool);
    void commit(std::size_t count) { end_ += count; }

    // The first read brought as much as there was room for: more is likely there.
    bool filled() const { return !stream_ && head_ && end_ == head_.size(); }
    // While empty(): the next bytes go to a large buffer. False: there is none left.
    bool enter_bulk(net::BufferPool& bulk);
    // Gives it back, if that is what is in use and it is empty.
    void leave_bulk();
    bool bulk() const { return bulk_; }

    // The bytes consumed so far are a head: they stay in place until reset(), room() never touches them.
    void keep_head() { floor_ = begin_; }
    // What was consumed behind the head counts as unconsumed again; false when it is not here any more.
    bool rewind();
    bool intact() const { return !overwritten_; }  // rewind() would succeed
    void passed_by() { overwritten_ = true; }      // bytes of the body went another way
    // Unconsumed bytes become the beginning of a new message: moved to the front, everything else is
    // forgotten.
    void restart();
    void release();  // forgets all and gives the buffers back

 private:
    // Less room than this behind the head is not worth a read: the body moves to a buffer of its own.
    static constexpr std::size_t kLeastRoom = 4096;

    char* base() const { return stream_ ? stream_.data() : head_.data(); }
    void move_to_stream(net::BufferPool& pool);
    void compact(std::size_t to);

    net::Buffer head_;                 // head and the first bytes of the body
    net::Buffer stream_;               // the rest of the body, once it outgrows head_
    std::size_t begin_ = 0, end_ = 0;  // of the buffer in use
    std::size_t floor_ = 0;            // of head_: bytes before it belong to the head
    bool overwritten_ = false;         // bytes behind the head are gone
    bool bulk_ = false;                // stream_ is a large one
};

}  // namespace proxyd::session
