// What a TLS session reads from and writes to: the stream's socket, which remembers what would block.
#pragma once

#include <cstddef>
#include <span>

#include "proxyd/net/stream.h"

namespace proxyd::net {

class Transport {
 public:
    virtual IoResult receive(std::span<char> into) = 0;
    // `more`: another piece follows at once; small packets may wait for it.
    virtual IoResult send(std::span<const char> data, bool more) = 0;

 protected:
    ~Transport() = default;
};

}  // namespace proxyd::net
