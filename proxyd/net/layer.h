// A protocol between a stream's user and its bytes: what the user reads and writes is translated (FastCGI).
// Most streams have none.
#pragma once

#include <sys/uio.h>

#include <span>

#include "proxyd/net/stream.h"

namespace proxyd::net {

class Layer {
 public:
    virtual ~Layer() = default;
    // As those of Stream, which they are called by; `below` gives and takes the translated bytes
    // (Stream::read_below(), write_below()).
    virtual IoResult try_read(Stream& below, std::span<char> into) = 0;
    virtual IoResult try_write(Stream& below, std::span<const iovec> pieces) = 0;
    // Something is left to read without asking the socket.
    virtual bool buffered() const = 0;
    // Between two exchanges: whether the connection may carry another one. `stirred`: something has arrived
    // since it was asked last, and is read.
    virtual bool reusable(Stream& below, bool stirred) = 0;
    virtual void release_buffers() = 0;
};

}  // namespace proxyd::net
